// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// aging is a map whose entries all expire after the same time. If the map is full, a
// new entry replaces the oldest. The caller must hold a lock.
type aging[K comparable, V any] struct {
	life    time.Duration
	entries *simplelru.LRU[K, *aged[V]] // only put makes an entry the newest
}

type aged[V any] struct {
	value V
	ends  time.Time
}

func newAging[K comparable, V any](life time.Duration, most int) *aging[K, V] {
	entries, err := simplelru.NewLRU[K, *aged[V]](most, nil)
	if err != nil {
		panic("radius: internal error: " + err.Error())
	}
	return &aging[K, V]{life: life, entries: entries}
}

// get returns a pointer to an entry, or nil.
func (a *aging[K, V]) get(now time.Time, key K) *V {
	a.expire(now)
	if e, ok := a.entries.Peek(key); ok {
		return &e.value
	}
	return nil
}

// put sets an entry, restarts its lifetime, and returns a pointer to it.
func (a *aging[K, V]) put(now time.Time, key K, value V) *V {
	a.expire(now)
	entry := &aged[V]{value, now.Add(a.life)}
	a.entries.Add(key, entry)
	return &entry.value
}

func (a *aging[K, V]) remove(key K) { a.entries.Remove(key) }

// expire removes the expired entries. The oldest entry expires first.
func (a *aging[K, V]) expire(now time.Time) {
	for {
		_, oldest, ok := a.entries.GetOldest()
		if !ok || now.Before(oldest.ends) {
			return
		}
		a.entries.RemoveOldest()
	}
}
