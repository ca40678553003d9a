// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"iter"
	"sync/atomic"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/virtual"
)

// Selection chooses tokens of a fleet. A field that is not set chooses all.
type Selection struct {
	Lot    string             // of the lots with this name or number
	After  uint32             // whose tags are higher
	Before uint32             // whose tags are lower, from the last to the first
	State  *serialproto.State // in this state
	Faulty bool               // that may have a fault; see [Member.MayHaveFaults]
}

// Select returns the chosen tokens in the order in which they were added, or in the
// reverse order with Before. Tokens that are added, changed or removed meanwhile may be
// missed. It leaves out blocks without such tokens, so a search by state or fault costs
// little. The error wraps [ErrNotFound] and lists the lots.
func (f *Fleet) Select(s Selection) (iter.Seq[Member], error) {
	f.mu.RLock()
	spans := []lotSpan{{0, f.last}}
	f.mu.RUnlock()
	if s.Lot != "" {
		var err error
		if spans, err = f.lotSpans(s.Lot); err != nil {
			return nil, err
		}
	}
	for i := range spans {
		spans[i].before = max(spans[i].before, s.After)
		if s.Before > 0 {
			spans[i].last = min(spans[i].last, s.Before-1)
		}
	}
	return func(yield func(Member) bool) {
		now := f.world.Now()
		for i := range spans {
			if s.Before > 0 {
				i = len(spans) - 1 - i
			}
			if !f.selectIn(spans[i], &s, now, yield) {
				return
			}
		}
	}, nil
}

// selectIn yields the chosen tokens of a span of tags. It returns false if yield does.
func (f *Fleet) selectIn(span lotSpan, s *Selection, now virtual.WorldTime, yield func(Member) bool) bool {
	if span.before >= span.last {
		return true
	}
	first, last := int(span.before)/blockSize, int(span.last-1)/blockSize
	for i := range last - first + 1 {
		n := first + i
		if s.Before > 0 {
			n = last - i
		}
		begin := uint32(n * blockSize)
		if !f.selectOf(n, lotSpan{max(span.before, begin), min(span.last, begin+blockSize)}, s, now, yield) {
			return false
		}
	}
	return true
}

// selectOf is selectIn for a span in one block.
func (f *Fleet) selectOf(number int, span lotSpan, s *Selection, now virtual.WorldTime, yield func(Member) bool) bool {
	b := (*f.blocks.Load())[number]
	had := b.has.load()
	if s.State != nil && !had.has(stateTrait(*s.State)) && !b.due(now) || s.Faulty && !had.has(faultTrait) {
		return true
	}
	var absent traits // which no token of the block has
	if span.last-span.before == blockSize {
		switch {
		case s.State != nil:
			absent = stateTrait(*s.State)
		case s.Faulty:
			absent = faultTrait
		}
	}
	for i := range span.last - span.before {
		tag := span.before + 1 + i
		if s.Before > 0 {
			tag = span.last - i
		}
		t := b.slots[(tag-1)%blockSize].token.Load()
		if t == nil {
			continue
		}
		m := Member{t, f, tag}
		if s.State != nil {
			if t.State() != *s.State {
				continue
			}
			absent = 0
		}
		if s.Faulty {
			if len(m.Ports()) > 0 {
				absent = 0 // the faults of its lines can be changed at any time
			}
			if !m.MayHaveFaults() {
				continue
			}
			absent = 0
		}
		if !yield(m) {
			return false
		}
	}
	b.has.clear(had, absent)
	return true
}

// traits are states and faults that tokens of a block may have: a bit for each state, one
// for faults, and above them the number of the changes so far.
type traits uint64

const (
	faultTrait  traits = 1 << 31
	traitChange traits = 1 << 32
)

func stateTrait(s serialproto.State) traits { return 1 << min(uint(s), 30) }

// has reports whether one of some traits is set.
func (t traits) has(some traits) bool { return t&some != 0 }

// blockTraits are the traits of a block's tokens. A trait is set before an operation that
// gives it to a token ends, and cleared once a search has found no token with it.
type blockTraits struct{ v atomic.Uint64 }

func (b *blockTraits) load() traits { return traits(b.v.Load()) }

// set adds a trait, which a token has got.
func (b *blockTraits) set(some traits) {
	for {
		old := b.load()
		if b.v.CompareAndSwap(uint64(old), uint64(old+traitChange|some)) {
			return
		}
	}
}

// clear removes traits that no token has had since the given traits were loaded, unless a
// token has got one meanwhile.
func (b *blockTraits) clear(loaded, absent traits) {
	if absent != 0 {
		b.v.CompareAndSwap(uint64(loaded), uint64(loaded&^absent))
	}
}

// block returns the block of a tag.
func (f *Fleet) block(tag uint32) *block { return (*f.blocks.Load())[(tag-1)/blockSize] }

// setTraits notes the state and the faults of a token that was added or restored.
func (f *Fleet) setTraits(tag uint32, t *virtual.Token) {
	some := stateTrait(t.State())
	if t.MayHaveFaults() {
		some |= faultTrait
	}
	f.block(tag).has.set(some)
}

// traitsOf returns the traits that a token may have got by an event.
func traitsOf(e virtual.Event) traits {
	switch e.Kind {
	case virtual.EventState:
		return stateTrait(e.State())
	case virtual.EventArmed:
		return faultTrait
	}
	return 0
}
