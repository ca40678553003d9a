// SPDX-License-Identifier: Apache-2.0

package pages

import "sync"

// maxConfirmed is the maximum number of remembered drafts. It covers the few minutes in
// which a form may be sent twice.
const maxConfirmed = 4096

// confirmedDrafts remembers which drafts were confirmed. A form that is sent twice, for
// example by a double click, then takes effect only once. If a form has a code, the bank
// ensures that by itself. Each server has its own memory.
type confirmedDrafts struct {
	mu   sync.Mutex
	done map[string]bool
	ids  [maxConfirmed]string // in the order of arrival
	next int
}

// confirm records a draft as confirmed. It reports whether the draft was new.
func (o *confirmedDrafts) confirm(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done[id] {
		return false
	}
	if o.done == nil {
		o.done = map[string]bool{}
	}
	delete(o.done, o.ids[o.next])
	o.ids[o.next], o.done[id] = id, true
	o.next = (o.next + 1) % maxConfirmed
	return true
}

// forget allows a draft that had no effect to be confirmed again.
func (o *confirmedDrafts) forget(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.done, id)
}
