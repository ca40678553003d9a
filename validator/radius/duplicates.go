// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"
)

const (
	// duplicateLife is how long an answer is kept: RFC 5080, section 2.2.2, asks
	// for 5 to 30 seconds.
	duplicateLife = 30 * time.Second

	// duplicateMost is how many are kept: at 4096 bytes and a little more each,
	// 70 MB at worst; usual answers have less than 200.
	duplicateMost = 16384
)

// duplicates remembers requests and their answers, so that one that is sent
// again is not checked again.
type duplicates struct {
	mu   sync.Mutex
	past *aging[requestKey, answered]
}

// requestKey is by what the RFC knows a request again. The authenticator is in
// the digest of the whole packet: a client that repeats its authenticator for
// another user must not get the answer of the first.
type requestKey struct {
	from       netip.AddrPort
	identifier byte
}

type answered struct {
	digest [sha256.Size]byte
	answer []byte // nil while it is being checked
}

func newDuplicates() *duplicates {
	return &duplicates{past: newAging[requestKey, answered](duplicateLife, duplicateMost)}
}

// begin reports whether a request is new, and then remembers it; for one sent
// again it returns the answer, nil while there is none yet.
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

// end keeps the answer of a request. Without one the request is forgotten, and
// the client may send it again.
func (d *duplicates) end(now time.Time, key requestKey, packet, answer []byte) {
	digest := sha256.Sum256(packet)
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.past.get(now, key)
	switch {
	case p != nil && p.digest != digest: // the client has gone on to another request
	case answer == nil:
		d.past.remove(key)
	default:
		d.past.put(now, key, answered{digest, answer})
	}
}
