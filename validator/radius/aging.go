// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"container/list"
	"time"
)

// aging is a map that forgets: each entry when its time is over, and the oldest
// one when it is full. The caller holds a lock.
type aging[K comparable, V any] struct {
	life  time.Duration
	most  int
	order list.List // of *aged[K, V], the oldest in front
	byKey map[K]*list.Element
}

type aged[K comparable, V any] struct {
	key   K
	value V
	ends  time.Time
}

func newAging[K comparable, V any](life time.Duration, most int) *aging[K, V] {
	return &aging[K, V]{life: life, most: most, byKey: map[K]*list.Element{}}
}

// get returns a pointer to an entry, or nil.
func (a *aging[K, V]) get(now time.Time, key K) *V {
	a.expire(now)
	if e := a.byKey[key]; e != nil {
		return &e.Value.(*aged[K, V]).value
	}
	return nil
}

// put sets an entry, whose life begins anew, and returns a pointer to it.
func (a *aging[K, V]) put(now time.Time, key K, value V) *V {
	a.expire(now)
	a.remove(key)
	if a.order.Len() >= a.most {
		a.remove(a.order.Front().Value.(*aged[K, V]).key)
	}
	entry := &aged[K, V]{key, value, now.Add(a.life)}
	a.byKey[key] = a.order.PushBack(entry)
	return &entry.value
}

func (a *aging[K, V]) remove(key K) {
	if e := a.byKey[key]; e != nil {
		a.order.Remove(e)
		delete(a.byKey, key)
	}
}

// expire forgets what is over. All lives are equally long, so the oldest end
// first.
func (a *aging[K, V]) expire(now time.Time) {
	for e := a.order.Front(); e != nil; e = a.order.Front() {
		entry := e.Value.(*aged[K, V])
		if now.Before(entry.ends) {
			return
		}
		a.remove(entry.key)
	}
}
