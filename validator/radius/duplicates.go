// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"
)

const (
	// duplicateLife is how long an answer is kept: RFC 5080, section 2.2.2, recommends
	// 5 to 30 seconds.
	duplicateLife = 30 * time.Second

	// duplicateMost is how many answers are kept: at most 70 MB, at 4096 bytes and a
	// little more for each. Usual answers have less than 200 bytes.
	duplicateMost = 16384
)

// duplicates stores requests and their answers: a repeated request is not checked
// again.
type duplicates struct {
	mu   sync.Mutex
	past *aging[requestKey, answered]
}

// requestKey has the values by which the RFC recognises a repeated request, except the
// authenticator, which is part of the digest of the whole packet. A client that repeats
// its authenticator for another user must not get the answer for the first one.
type requestKey struct {
	from       netip.AddrPort
	identifier byte
}

type answered struct {
	digest [sha256.Size]byte
	answer []byte // nil while the request is being checked
}

func newDuplicates() *duplicates {
	return &duplicates{past: newAging[requestKey, answered](duplicateLife, duplicateMost)}
}

// begin reports whether a request is new, and then stores it. For a repeated request it
// returns the answer, or nil if there is none yet.
func (d *duplicates) begin(now time.Time, key requestKey, packet []byte) (answer []byte, fresh bool) {
	digest := sha256.Sum256(packet)
	d.mu.Lock()
	defer d.mu.Unlock()
	if p := d.past.get(now, key); p != nil && p.digest == digest {
		return p.answer, false
	}
	d.past.put(now, key, answered{digest: digest})
	return nil, true
}

// end stores the answer of a request. If answer is nil, the request is removed, and the
// client may send it again.
func (d *duplicates) end(now time.Time, key requestKey, packet, answer []byte) {
	digest := sha256.Sum256(packet)
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.past.get(now, key)
	switch {
	case p != nil && p.digest != digest: // the client has continued with another request
	case answer == nil:
		d.past.remove(key)
	default:
		d.past.put(now, key, answered{digest, answer})
	}
}
