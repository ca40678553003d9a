// SPDX-License-Identifier: Apache-2.0

package firmware

import "math"

const (
	erased = 0xFF
	noSlot = math.MaxUint16
)

// store keeps the record in flash as a log: each change appends one slot, and
// when a page is full the next is erased and the log goes on there. So every
// page wears alike, and the newest whole record is always in a slot that no
// later operation touches until a newer one is whole: a power cut inside any
// operation leaves the old record or the new one.
type store struct {
	page   uint16 // where the newest record lies
	slot   uint16 // and in which slot of it; noSlot: nowhere
	next   uint16 // first slot after it that may be free
	ready  bool   // mounted: until then nothing is known to be free
	seeded bool   // the newest record holds a seed
	traces bool   // another slot still holds one, or may
}

// mount finds the newest record. With none, r is the zero record.
func (s *store) mount(hw *Hardware, r *record) error {
	pages, slots, err := geometry(hw.Flash)
	if err != nil {
		return err
	}
	*s, *r = store{slot: noSlot, next: uint16(slots)}, record{}
	s.page = uint16(pages - 1) // so that the first append starts page 0
	var candidate record
	for page := range pages {
		for slot := range slots {
			if err := hw.Flash.Read(page, slot*SlotSize, hw.Scratch[:]); err != nil {
				*r = record{} // rather nothing than what may be an older one
				clear(candidate.seed[:])
				return err
			}
			if all(hw.Scratch, erased) {
				continue
			}
			whole := candidate.decode(hw.Scratch)
			if whole && candidate.sequence > r.sequence {
				s.traces = s.traces || r.seedLen > 0
				r.set(&candidate)
				s.page, s.slot, s.next = uint16(page), uint16(slot), uint16(slot+1)
				s.seeded = r.seedLen > 0
				continue
			}
			torn := !whole && !all(hw.Scratch, 0)
			s.traces = s.traces || torn || whole && candidate.seedLen > 0
			if page == int(s.page) && r.sequence > 0 {
				s.next = uint16(slot + 1) // a torn slot after the newest
			}
		}
	}
	clear(candidate.seed[:])
	s.ready = true
	return nil
}

// append makes r the newest record. On an error the one before still is.
func (s *store) append(hw *Hardware, r *record) error {
	if r.sequence == math.MaxUint32 { // it must not begin anew: a page wears out long before
		return errFlashWorn
	}
	r.sequence++
	err := s.write(hw, r)
	if err != nil {
		r.sequence--
	}
	return err
}

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
	at := *s
	for erasures := 0; ; {
		if int(at.next) >= slots {
			page := (int(at.page) + 1) % pages
			if page == int(s.page) || erasures == pages-1 {
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
			at.slot = uint16(slot)
			at.traces = s.traces || s.seeded
			at.seeded = r.seedLen > 0
			*s = at
			return nil
		}
		// It must not turn out whole at the next boot.
		clear(hw.Scratch[:])
		_ = hw.Flash.Program(int(at.page), slot*SlotSize, hw.Scratch[:])
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

// purge makes r, which has no seed, the newest record, and destroys every seed
// in flash. When power fails between the two, mount finds the traces, and boot
// purges again. Where no slot takes r any more, the record with the seed is
// destroyed all the same: the next boot finds a blank token, on a flash that
// cannot be provisioned.
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
	if err = s.append(hw, r); err != nil {
		*s = before // they are worn out: then the next slot here
		err = s.append(hw, r)
	}
	return s.destroy(hw, err == nil || !s.seeded)
}

// destroy makes every seed in flash unreadable, the newest record's only unless
// it is to be kept, and then last: an older one must not come to life in its
// place. Pages are erased; what is left of one that no longer erases, or lies
// beside the newest record, is programmed to zeros, which clears bits only.
func (s *store) destroy(hw *Hardware, keep bool) error {
	pages, slots, err := geometry(hw.Flash)
	if err != nil {
		return err
	}
	s.traces = false
	for page := range pages {
		own := page == int(s.page)
		if !own {
			_ = hw.Flash.Erase(page)
		}
		for slot := range slots {
			if !own || slot != int(s.slot) {
				s.traces = !s.annul(hw, page, slot) || s.traces
			}
		}
	}
	if !keep && !s.traces && s.slot != noSlot {
		if s.traces = !s.annul(hw, int(s.page), int(s.slot)); !s.traces {
			s.seeded, s.slot, s.next = false, noSlot, uint16(slots)
		}
	}
	if s.traces {
		return errTraces
	}
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
	return hw.Flash.Read(page, slot*SlotSize, hw.Scratch[:]) == nil &&
		(all(hw.Scratch, erased) || all(hw.Scratch, 0))
}

func geometry(f Flash) (pages, slots int, err error) {
	pages, size := f.Geometry()
	if pages < 2 || size < SlotSize || size%SlotSize != 0 {
		return 0, 0, ErrGeometry
	}
	return pages, size / SlotSize, nil
}

// all reports whether every byte of a slot is b.
func all(slot *[SlotSize]byte, b byte) bool {
	for _, v := range slot {
		if v != b {
			return false
		}
	}
	return true
}
