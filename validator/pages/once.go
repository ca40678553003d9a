// SPDX-License-Identifier: Apache-2.0

package pages

import "sync"

// mostDone is the maximum number of remembered drafts. It covers the few minutes in
// which a form may be sent twice.
const mostDone = 4096

// once remembers confirmed drafts. A form that is sent twice, as by a double click,
// then has its effect only once. If a form has a code, the bank ensures that by itself.
// Each server has its own memory.
type once struct {
	mu   sync.Mutex
	done map[string]bool
	ids  [mostDone]string // in the order of arrival
	next int
}

// begin records a draft as confirmed. It reports whether the draft was new.
func (o *once) begin(id string) bool {
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
	o.next = (o.next + 1) % mostDone
	return true
}

// forget allows a draft that had no effect to be confirmed again.
func (o *once) forget(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.done, id)
}
