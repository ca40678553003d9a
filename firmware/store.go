// SPDX-License-Identifier: Apache-2.0

package firmware

const erased = 0xFF

// store keeps the record in flash as a log: each change appends one slot, and
// when a page is full the next is erased and the log goes on there. So every
// page wears alike, and the newest whole record is always in a slot that no
// later operation touches until a newer one is whole: a power cut inside any
// operation leaves the old record or the new one.
type store struct {
	page   uint16 // where the newest record lies
	next   uint16 // first slot after it that may be free
	ready  bool   // mounted: until then nothing is known to be free
	traces bool   // another slot still holds a seed, or may
}

// mount finds the newest record. With none, r is the zero record.
func (s *store) mount(hw *Hardware, r *record) error {
	pages, slots, err := geometry(hw.Flash)
	if err != nil {
		return err
	}
	*s, *r = store{next: uint16(slots)}, record{}
	s.page = uint16(pages - 1) // so that the first append starts page 0
	var candidate record
	for page := range pages {
		for slot := range slots {
			if err := hw.Flash.Read(page, slot*SlotSize, hw.Scratch[:]); err != nil {
				*r = record{} // rather nothing than what may be an older one
				clear(candidate.seed[:])
				return err
			}
			if blank(hw.Scratch) {
				continue
			}
			whole := candidate.decode(hw.Scratch)
			if whole && candidate.sequence > r.sequence {
				s.traces = s.traces || r.seedLen > 0
				r.set(&candidate)
				s.page, s.next = uint16(page), uint16(slot+1)
				continue
			}
			s.traces = s.traces || !whole || candidate.seedLen > 0
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
			at.traces = s.traces || r.seedLen > 0
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
	return slotSum(hw.Scratch) == sum && crc32(hw.Scratch[:crcOffset]) == sum
}

// purge makes r, which has no seed, the newest record, and then destroys every
// other. When power fails between the two, mount finds the traces, and boot
// purges again.
func (s *store) purge(hw *Hardware, r *record) error {
	pages, slots, err := geometry(hw.Flash)
	if err != nil {
		return err
	}
	s.next = uint16(slots) // force a page of its own
	if err := s.append(hw, r); err != nil {
		return err
	}
	s.traces = true
	for page := range pages {
		if page == int(s.page) {
			continue
		}
		if err := hw.Flash.Erase(page); err != nil {
			return err
		}
	}
	s.traces = false
	return nil
}

func geometry(f Flash) (pages, slots int, err error) {
	pages, size := f.Geometry()
	if pages < 2 || size < SlotSize || size%SlotSize != 0 {
		return 0, 0, ErrGeometry
	}
	return pages, size / SlotSize, nil
}

func blank(slot *[SlotSize]byte) bool {
	for _, b := range slot {
		if b != erased {
			return false
		}
	}
	return true
}
