// SPDX-License-Identifier: Apache-2.0

// Package ratelimit limits the requests of each source, in bounded memory. Every source
// has a bucket of units, which refills at a steady rate.
//
// Unlike in golang.org/x/time/rate, a unit can be given back later. A caller takes a
// unit before it checks a password, and gives it back if the password was right. At
// most a burst of guesses is therefore in progress at a time.
package ratelimit

import (
	"math"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Capacity is a reasonable number of sources to remember.
const Capacity = 65536

// Rate is the size of a bucket and the number of units per second that are refilled. If
// PerSecond is 0, units are not refilled.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Limiter has a bucket for each key. If there are more keys than its capacity, it
// forgets the least recently used bucket. A forgotten bucket is full again. A Limiter
// is safe for concurrent use.
type Limiter[K comparable] struct {
	mu      sync.Mutex
	buckets *simplelru.LRU[K, *bucket]
}

type bucket struct {
	left float64
	at   time.Time // the time at which left was computed
}

// New returns a limiter that remembers up to capacity keys, but at least 1.
func New[K comparable](capacity int) *Limiter[K] {
	buckets, err := simplelru.NewLRU[K, *bucket](max(capacity, 1), nil)
	if err != nil {
		panic("ratelimit: internal error: " + err.Error())
	}
	return &Limiter[K]{buckets: buckets}
}

// Take takes a unit from the bucket of key and returns 0. If the bucket is empty, it
// takes nothing and returns the time until there is a unit.
func (l *Limiter[K]) Take(now time.Time, key K, r Rate) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucketLocked(now, key, r)
	if wait := b.wait(r); wait > 0 {
		return wait
	}
	b.left--
	return 0
}

// Give returns a unit taken by Take to the bucket of key.
func (l *Limiter[K]) Give(now time.Time, key K, r Rate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucketLocked(now, key, r)
	b.left = min(b.left+1, float64(r.Burst))
}

// Wait returns the time until the bucket of key has a unit, 0 if it has one.
func (l *Limiter[K]) Wait(now time.Time, key K, r Rate) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets.Get(key)
	if !ok {
		return 0
	}
	b.refill(now, r)
	return b.wait(r)
}

// bucketLocked returns the refilled bucket of key. The caller must hold mu.
func (l *Limiter[K]) bucketLocked(now time.Time, key K, r Rate) *bucket {
	b, ok := l.buckets.Get(key)
	if !ok {
		b = &bucket{left: float64(r.Burst), at: now}
		l.buckets.Add(key, b)
		return b
	}
	b.refill(now, r)
	return b
}

func (b *bucket) refill(now time.Time, r Rate) {
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.left = min(b.left+passed*r.PerSecond, float64(r.Burst))
		b.at = now
	}
}

// full is the amount by which rounding may leave a whole unit short of 1.
const full = 1e-9

func (b *bucket) wait(r Rate) time.Duration {
	if b.left >= 1-full {
		return 0
	}
	seconds := (1 - b.left) / r.PerSecond // +Inf if units are not refilled
	if seconds >= math.MaxInt64/float64(time.Second) {
		return math.MaxInt64
	}
	return time.Duration(math.Ceil(seconds * float64(time.Second)))
}

// Source returns the part of an address that counts as one source: an IPv4 address, or
// the /64 of an IPv6 address, because one customer usually has that many addresses (RFC
// 6177).
func Source(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if p, err := addr.Prefix(64); err == nil && addr.Is6() {
		return p.Addr()
	}
	return addr
}

// SourceText is Source for an address in text form. It returns other text unchanged.
func SourceText(addr string) string {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	return Source(ip).String()
}
