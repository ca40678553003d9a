// SPDX-License-Identifier: Apache-2.0

package pages

import "sync"

// mostDone is how many confirmed drafts are remembered: those of the last minutes,
// in which a form can be sent twice.
const mostDone = 4096

// once remembers which drafts were confirmed, so that a form that is sent twice,
// as by a double click, does one thing. What a code is asked for is done once in
// any case. Each server remembers by itself.
type once struct {
	mu   sync.Mutex
	done map[string]bool
	ids  [mostDone]string // in the order in which they came
	next int
}

// begin reports whether a draft was not confirmed before, and remembers it.
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

// forget lets a draft of which nothing came be confirmed again.
func (o *once) forget(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.done, id)
}
