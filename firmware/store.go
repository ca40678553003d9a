// SPDX-License-Identifier: Apache-2.0

package firmware

import "math"

const (
	erased = 0xFF
	noSlot = math.MaxUint16
)

// store keeps the record in flash as a log: each change appends one slot, and
// when a page is full the next is erased and the log goes on there, so that every
// page wears alike. A change takes three steps:
//
//  1. The record is written to a slot and read back.
//  2. The slot is marked as one that was whole.
//  3. The record before is overwritten with zeros.
//
// A power cut inside any of them leaves the old record or the new one, and boot
// finishes the steps. At rest exactly one record can be read: what a token was
// before is in no slot that could count again. When that one record turns out
// unreadable, its mark says so, and the token obeys nobody: see mount.
type store struct {
	page   uint16 // where the newest record lies
	slot   uint16 // and in which slot of it; noSlot: nowhere
	next   uint16 // first slot after it that may be free
	ready  bool   // mounted: until then nothing is known to be free
	seeded bool   // the newest record holds a seed
	marked bool   // step 2 is done
	traces bool   // step 3 is not: another slot may hold an older state, or a seed
	mended bool   // a bit of the newest record was wrong
}

// mount finds the newest record, in which one bit may be wrong. With none, r is
// the zero record. A flash without a record that can be read, but with one that
// was whole once, is an error: what the token was is lost, and what is left does
// not say that it was blank.
func (s *store) mount(hw *Hardware, r *record) error {
	pages, slots, err := geometry(hw.Flash)
	if err != nil {
		return err
	}
	*s, *r = store{slot: noSlot, next: uint16(slots)}, record{}
	s.page = uint16(pages - 1) // so that the first append starts page 0
	lost := false
	var candidate record
	for page := range pages {
		for slot := range slots {
			if err := hw.Flash.Read(page, slot*SlotSize, hw.Scratch[:]); err != nil {
				*r = record{} // rather nothing than what may be an older one
				clear(candidate.seed[:])
				return err
			}
			if filledWith(hw.Scratch, erased) {
				continue
			}
			mended := mend(hw.Scratch)
			whole := candidate.decode(hw.Scratch)
			if whole && candidate.sequence > r.sequence {
				s.traces = s.traces || r.sequence > 0
				r.set(&candidate)
				s.page, s.slot, s.next = uint16(page), uint16(slot), uint16(slot+1)
				s.seeded, s.marked, s.mended = r.seedLen > 0, marked(hw.Scratch), mended
				continue
			}
			lost = lost || !whole && was(hw.Scratch)
			s.traces = s.traces || !empty(hw.Scratch)
			if page == int(s.page) && r.sequence > 0 {
				s.next = uint16(slot + 1) // a torn slot after the newest
			}
		}
	}
	clear(candidate.seed[:])
	if lost && r.sequence == 0 {
		return errLost
	}
	s.ready = true
	return nil
}

// append makes r the newest record and the only one. On an error the one before
// still is the newest, unless r has a new sequence number: then r is, and settle
// is due.
func (s *store) append(hw *Hardware, r *record) error {
	page, slot := int(s.page), int(s.slot)
	if err := s.write(hw, r); err != nil {
		return err
	}
	if s.traces || !s.marked {
		s.traces = s.traces || slot != noSlot
		return s.settle(hw)
	}
	if slot != noSlot && !s.annul(hw, page, slot) {
		s.traces = true
		return errTraces
	}
	return nil
}

// settle does what a power cut left undone: it marks the newest record and makes
// filledWith other slots unreadable.
func (s *store) settle(hw *Hardware) error {
	pages, slots, err := geometry(hw.Flash)
	if err != nil {
		return err
	}
	if s.slot != noSlot && !s.marked {
		s.marked = mark(hw, int(s.page), int(s.slot))
	}
	s.traces = false
	for page := range pages {
		for slot := range slots {
			if page != int(s.page) || slot != int(s.slot) {
				s.traces = !s.annul(hw, page, slot) || s.traces
			}
		}
	}
	if s.traces || !s.marked {
		return errTraces
	}
	return nil
}

// settled reports whether there is nothing for settle to do.
func (s *store) settled() bool { return !s.traces && (s.marked || s.slot == noSlot) }

// write puts r into the next slot that takes it. A slot that does not read back
// as written is passed over. Never is the page of the newest record erased.
func (s *store) write(hw *Hardware, r *record) error {
	pages, slots, err := geometry(hw.Flash)
	if err != nil {
		return err
	}
	if !s.ready {
		return errNotMounted
	}
	if r.sequence == math.MaxUint32 { // it must not begin anew: a page wears out long before
		return errFlashWorn
	}
	r.sequence++
	at := *s
	for erasures := 0; ; {
		if int(at.next) >= slots {
			page := (int(at.page) + 1) % pages
			if page == int(s.page) || erasures == pages-1 {
				r.sequence--
				s.traces = at.traces
				return errFlashWorn
			}
			erasures++
			at.page, at.next = uint16(page), 0
			if err := hw.Flash.Erase(page); err != nil {
				at.next = uint16(slots)
				continue
			}
		}
		slot := int(at.next)
		at.next++
		if r.put(hw, int(at.page), slot) {
			at.slot, at.seeded, at.mended = uint16(slot), r.seedLen > 0, false
			at.marked = mark(hw, int(at.page), slot)
			*s = at
			return nil
		}
		// It must not turn out whole at the next boot.
		at.traces = !s.annul(hw, int(at.page), slot) || at.traces
	}
}

// put writes the record to a slot and reads it back.
func (r *record) put(hw *Hardware, page, slot int) bool {
	r.encode(hw.Scratch)
	sum := slotSum(hw.Scratch)
	if err := hw.Flash.Program(page, slot*SlotSize, hw.Scratch[:]); err != nil {
		return false
	}
	if err := hw.Flash.Read(page, slot*SlotSize, hw.Scratch[:]); err != nil {
		return false
	}
	return slotSum(hw.Scratch) == sum && CRC32(hw.Scratch[:crcOffset]) == sum
}

// mark notes that a record was whole, and reports whether that can be read. A page
// that is worn out still clears bits, whatever it says.
func mark(hw *Hardware, page, slot int) bool {
	fill(hw.Scratch[:], erased)
	clear(hw.Scratch[markOffset:][:markSize])
	_ = hw.Flash.Program(page, slot*SlotSize, hw.Scratch[:])
	return hw.Flash.Read(page, slot*SlotSize, hw.Scratch[:]) == nil && marked(hw.Scratch)
}

// purge makes r, which has no seed, the newest record, and destroys every seed
// in flash. When power fails between the two, mount finds the traces, and boot
// purges again. Where no slot takes r any more, the record with the seed is
// destroyed all the same: the next boot finds a token that has lost its state,
// and obeys nobody.
func (s *store) purge(hw *Hardware, r *record) error {
	_, slots, err := geometry(hw.Flash)
	if err != nil {
		return err
	}
	if !s.ready {
		return errNotMounted
	}
	before := *s
	s.next = uint16(slots) // a page of its own, so that the others can be erased
	if err = s.write(hw, r); err != nil {
		*s = before // they are worn out: then the next slot here
		err = s.write(hw, r)
	}
	return s.destroy(hw, err == nil || !s.seeded)
}

// destroy makes every slot in flash unreadable, the newest record's only unless
// it is to be kept, and then last: an older one must not come to life in its
// place. Pages are erased; what is left of one that no longer erases, or lies
// beside the newest record, is programmed to zeros, which clears bits only.
func (s *store) destroy(hw *Hardware, keep bool) error {
	pages, _, err := geometry(hw.Flash)
	if err != nil {
		return err
	}
	for page := range pages {
		if page != int(s.page) {
			_ = hw.Flash.Erase(page)
		}
	}
	err = s.settle(hw)
	if !keep && !s.traces && s.slot != noSlot {
		err = s.bury(hw)
	}
	return err
}

// bury makes the newest record unreadable and leaves word that there was one: all
// but its magic number becomes zero.
func (s *store) bury(hw *Hardware) error {
	page, off := int(s.page), int(s.slot)*SlotSize
	clear(hw.Scratch[:])
	fill(hw.Scratch[:magicSize], erased)
	_ = hw.Flash.Program(page, off, hw.Scratch[:])
	if err := hw.Flash.Read(page, off, hw.Scratch[:]); err != nil {
		return err
	}
	clear(hw.Scratch[:magicSize])
	if !empty(hw.Scratch) {
		s.traces = true
		return errTraces
	}
	s.seeded, s.slot = false, noSlot
	return nil
}

// annul makes a slot unreadable without erasing, and reports whether it is.
func (s *store) annul(hw *Hardware, page, slot int) bool {
	if s.void(hw, page, slot) {
		return true
	}
	clear(hw.Scratch[:])
	_ = hw.Flash.Program(page, slot*SlotSize, hw.Scratch[:])
	return s.void(hw, page, slot)
}

// void reports whether nothing can be read from a slot.
func (s *store) void(hw *Hardware, page, slot int) bool {
	return hw.Flash.Read(page, slot*SlotSize, hw.Scratch[:]) == nil && empty(hw.Scratch)
}

func geometry(f Flash) (pages, slots int, err error) {
	pages, size := f.Geometry()
	if pages < 2 || size < SlotSize || size%SlotSize != 0 {
		return 0, 0, ErrGeometry
	}
	return pages, size / SlotSize, nil
}

// filledWith reports whether every byte of a slot is b.
func filledWith(slot *[SlotSize]byte, b byte) bool {
	for _, v := range slot {
		if v != b {
			return false
		}
	}
	return true
}

func fill(p []byte, b byte) {
	for i := range p {
		p[i] = b
	}
}
