// SPDX-License-Identifier: Apache-2.0

package fleet

import "hash/maphash"

// index finds tokens by a name in about 8 bytes a token: a hash table of tags with open
// addressing. It does not store the names. A lookup compares the tokens' present names,
// so an entry whose token has another name by now is only a wasted slot.
type index struct {
	seed  maphash.Seed
	slots []uint32 // tags; 0 is free
	used  int
}

// add enters the tag under a name.
func (x *index) add(name []byte, tag uint32) {
	if x.used+1 >= len(x.slots) {
		panic("fleet: the index is full; grow it first")
	}
	i := x.first(name)
	for x.slots[i] != 0 {
		i = (i + 1) % len(x.slots)
	}
	x.slots[i] = tag
	x.used++
}

// addOnce enters the tag under a name if it is not there yet.
func (x *index) addOnce(name []byte, tag uint32) {
	if x.find(name, func(t uint32) bool { return t == tag }) == 0 {
		x.add(name, tag)
	}
}

// find returns the first tag under the name for which is returns true, or 0.
func (x *index) find(name []byte, is func(tag uint32) bool) uint32 {
	if len(x.slots) == 0 {
		return 0
	}
	for i := x.first(name); x.slots[i] != 0; i = (i + 1) % len(x.slots) {
		if is(x.slots[i]) {
			return x.slots[i]
		}
	}
	return 0
}

// full reports whether n more entries would not fit. A quarter of the slots stays free,
// which keeps searches short.
func (x *index) full(n int) bool { return 4*(x.used+n) > 3*len(x.slots) }

// reset empties the index and makes room for at least n entries.
func (x *index) reset(n int) {
	size := 64
	for 3*size < 4*n {
		size *= 2
	}
	*x = index{seed: maphash.MakeSeed(), slots: make([]uint32, size)}
}

func (x *index) first(name []byte) int {
	return int(maphash.Bytes(x.seed, name) % uint64(len(x.slots)))
}
