// SPDX-License-Identifier: Apache-2.0

package firmware

import "math"

const (
	erased = 0xFF
	noSlot = math.MaxUint16
)

// store keeps the record in flash as a log. Each change appends one slot. When a page
// is full, the next page is erased and the log continues there, so all pages wear
// equally. A change takes three steps:
//
//  1. The record is written to a slot and read back.
//  2. The slot is marked as complete.
//  3. The previous record is overwritten with zeros.
//
// After a power cut in any step, either the old record or the new one is valid, and
// boot completes the steps. At rest exactly one record can be read: no slot with an
// earlier state can become valid again. If that record becomes unreadable, its mark
// shows that it existed, and the token is dead; see mount.
type store struct {
	page   uint16 // page of the newest record
	slot   uint16 // slot of the newest record in its page; noSlot: there is none
	next   uint16 // first slot after it that may be free
	ready  bool   // mounted; before that, it is unknown which slots are free
	seeded bool   // the newest record holds a seed
	marked bool   // step 2 is done
	traces bool   // step 3 is not done: another slot may hold an older state, or a seed
	mended bool   // a bit of the newest record was wrong
}

// mount finds the newest record, correcting one wrong bit in it. If there are no
// records, r is the zero record. If no record can be read but a slot once held a
// complete one, mount returns an error: the token's state is lost, and it need not have
// been blank.
func (s *store) mount(hw *Hardware, r *record) error {
	pages, slots, err := geometry(hw.Flash)
	if err != nil {
		return err
	}
	*s, *r = store{slot: noSlot, next: uint16(slots)}, record{}
	s.page = uint16(pages - 1) // the first append starts page 0
	lost := false
	var candidate record
	for page := range pages {
		for slot := range slots {
			if err := hw.Flash.Read(page, slot*SlotSize, hw.Scratch[:]); err != nil {
				*r = record{} // the records read so far may be older than the newest
				clear(candidate.seed[:])
				return err
			}
			if isErasedSlot(hw.Scratch) {
				continue
			}
			mended := mend(hw.Scratch)
			whole := candidate.decode(hw.Scratch)
			if whole && candidate.sequence > r.sequence {
				s.traces = s.traces || r.sequence > 0
				r.set(&candidate)
				s.page, s.slot, s.next = uint16(page), uint16(slot), uint16(slot+1)
				s.seeded, s.marked, s.mended = r.seedLen > 0, isMarked(hw.Scratch), mended
				continue
			}
			lost = lost || !whole && wasComplete(hw.Scratch)
			s.traces = s.traces || !isEmptySlot(hw.Scratch)
			if page == int(s.page) && r.sequence > 0 {
				s.next = uint16(slot + 1) // an incomplete slot after the newest record
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

// append makes r the newest record and the only one. If it returns an error, the
// previous record is still the newest, unless r has a new sequence number: then r is
// the newest, and settle must be called.
func (s *store) append(hw *Hardware, r *record) error {
	page, slot := int(s.page), int(s.slot)
	if err := s.write(hw, r); err != nil {
		return err
	}
	if s.traces || !s.marked {
		s.traces = s.traces || slot != noSlot
		return s.settle(hw)
	}
	if slot != noSlot && !s.voidSlot(hw, page, slot) {
		s.traces = true
		return errTraces
	}
	return nil
}

// settle completes the steps that a power cut interrupted: it marks the newest record
// and makes all other slots unreadable.
func (s *store) settle(hw *Hardware) error {
	pages, slots, err := geometry(hw.Flash)
	if err != nil {
		return err
	}
	if s.slot != noSlot && !s.marked {
		s.marked = markComplete(hw, int(s.page), int(s.slot))
	}
	s.traces = false
	for page := range pages {
		for slot := range slots {
			if page != int(s.page) || slot != int(s.slot) {
				s.traces = !s.voidSlot(hw, page, slot) || s.traces
			}
		}
	}
	if s.traces || !s.marked {
		return errTraces
	}
	return nil
}

// settled reports whether settle has nothing to do.
func (s *store) settled() bool { return !s.traces && (s.marked || s.slot == noSlot) }

// write writes r to the next slot that accepts it. It skips a slot that does not read
// back as written. The page that holds the newest record is never erased.
func (s *store) write(hw *Hardware, r *record) error {
	pages, slots, err := geometry(hw.Flash)
	if err != nil {
		return err
	}
	if !s.ready {
		return errNotMounted
	}
	if r.sequence == math.MaxUint32 { // it must not wrap around; a page wears out long before
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
		if r.writeSlot(hw, int(at.page), slot) {
			at.slot, at.seeded, at.mended = uint16(slot), r.seedLen > 0, false
			at.marked = markComplete(hw, int(at.page), slot)
			*s = at
			return nil
		}
		// The slot must not turn out to be valid at the next boot.
		at.traces = !s.voidSlot(hw, int(at.page), slot) || at.traces
	}
}

// writeSlot writes the record to a slot and reads it back.
func (r *record) writeSlot(hw *Hardware, page, slot int) bool {
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

// markComplete marks a record as complete, and reports whether the mark can be read.
// Errors of Program are ignored, because a worn-out page still clears bits.
func markComplete(hw *Hardware, page, slot int) bool {
	fill(hw.Scratch[:], erased)
	clear(hw.Scratch[markOffset:][:markSize])
	_ = hw.Flash.Program(page, slot*SlotSize, hw.Scratch[:])
	return hw.Flash.Read(page, slot*SlotSize, hw.Scratch[:]) == nil && isMarked(hw.Scratch)
}

// purge makes r, which has no seed, the newest record, and destroys every seed in
// flash. If power fails between the two, mount finds the traces and boot purges again.
// If no slot accepts r any more, the record with the seed is destroyed anyway. The next
// boot then finds that the token has lost its state, and the token is dead.
func (s *store) purge(hw *Hardware, r *record) error {
	_, slots, err := geometry(hw.Flash)
	if err != nil {
		return err
	}
	if !s.ready {
		return errNotMounted
	}
	before := *s
	s.next = uint16(slots) // the record gets a page of its own, so the others can be erased
	if err = s.write(hw, r); err != nil {
		*s = before // the other pages are worn out: try the next slot of this one
		err = s.write(hw, r)
	}
	return s.destroy(hw, err == nil || !s.seeded)
}

// destroy makes every slot in flash unreadable, except the newest record's if keep is
// true. The newest record comes last, because an older one must not take its place.
// Pages are erased. Slots on a page that no longer erases, and those beside the newest
// record, are programmed to zeros, which only clears bits.
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
		err = s.voidNewest(hw)
	}
	return err
}

// voidNewest makes the newest record unreadable but leaves evidence that it existed:
// everything but its magic number becomes zero.
func (s *store) voidNewest(hw *Hardware) error {
	page, off := int(s.page), int(s.slot)*SlotSize
	clear(hw.Scratch[:])
	fill(hw.Scratch[:magicSize], erased)
	_ = hw.Flash.Program(page, off, hw.Scratch[:])
	if err := hw.Flash.Read(page, off, hw.Scratch[:]); err != nil {
		return err
	}
	clear(hw.Scratch[:magicSize])
	if !isEmptySlot(hw.Scratch) {
		s.traces = true
		return errTraces
	}
	s.seeded, s.slot = false, noSlot
	return nil
}

// voidSlot makes a slot unreadable without erasing it, and reports whether it succeeded.
func (s *store) voidSlot(hw *Hardware, page, slot int) bool {
	if s.isVoid(hw, page, slot) {
		return true
	}
	clear(hw.Scratch[:])
	_ = hw.Flash.Program(page, slot*SlotSize, hw.Scratch[:])
	return s.isVoid(hw, page, slot)
}

// isVoid reports whether nothing can be read from a slot.
func (s *store) isVoid(hw *Hardware, page, slot int) bool {
	return hw.Flash.Read(page, slot*SlotSize, hw.Scratch[:]) == nil && isEmptySlot(hw.Scratch)
}

func geometry(f Flash) (pages, slots int, err error) {
	pages, size := f.Geometry()
	if pages < 2 || size < SlotSize || size%SlotSize != 0 {
		return 0, 0, ErrGeometry
	}
	return pages, size / SlotSize, nil
}

func fill(p []byte, b byte) {
	for i := range p {
		p[i] = b
	}
}
