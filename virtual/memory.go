// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"math"
	"sync"

	"github.com/d204ef64/fob/firmware"
)

const (
	restPages = 2
	restSlots = flashPage512 / firmware.SlotSize // of a page
)

// resting is the flash of a token at rest, if the rest of the token's state gives all of
// its bytes: one slot has the record that the firmware also has in RAM, and the others
// are erased or zero. Nearly all tokens are like that. Flash with other bytes, such as a
// wrong bit, is kept as it is.
type resting struct {
	ops    uint32
	erases [restPages]uint32
	slots  [restPages * restSlots]slotContent
}

// slotContent is the content of a slot at rest.
type slotContent uint8

const (
	slotErased slotContent = iota
	slotZero
	slotRecord // the firmware's record, marked as complete
)

// memory is the flash as the firmware sees it.
type memory Token

var _ firmware.Flash = (*memory)(nil)

// Geometry implements firmware.Flash. The firmware calls it before it changes a record.
func (m *memory) Geometry() (pages, pageSize int) { return (*Token)(m).openFlashLocked().Geometry() }

// Read implements firmware.Flash.
func (m *memory) Read(page, off int, p []byte) error {
	return (*Token)(m).openFlashLocked().Read(page, off, p)
}

// Program implements firmware.Flash.
func (m *memory) Program(page, off int, p []byte) error {
	return (*Token)(m).openFlashLocked().Program(page, off, p)
}

// Erase implements firmware.Flash.
func (m *memory) Erase(page int) error { return (*Token)(m).openFlashLocked().Erase(page) }

// flashPool holds flash of a model's size whose pages keep their memory.
var flashPool = sync.Pool{New: func() any {
	f := NewFlash(restPages, flashPage512, 0)
	f.spare = true
	for i := range f.pages {
		f.pages[i].data = make([]byte, 0, flashPage512)
	}
	return f
}}

// openFlashLocked returns the token's flash. It must be called before the firmware
// changes its record in RAM, and restFlashLocked must be called afterwards.
func (t *Token) openFlashLocked() *Flash {
	if t.flash != nil {
		return t.flash
	}
	f := flashPool.Get().(*Flash)
	f.endurance, f.ops = t.model.Endurance, uint64(t.rest.ops)
	for page := range f.pages {
		pg := &f.pages[page]
		pg.erases, pg.data = t.rest.erases[page], pg.data[:0]
		for i := range restSlots {
			content := t.rest.slots[page*restSlots+i]
			if content == slotErased {
				continue
			}
			slot := (*[firmware.SlotSize]byte)(pg.cells((i + 1) * firmware.SlotSize)[i*firmware.SlotSize:])
			if content == slotRecord {
				t.core.EncodeSlot(slot)
			} else {
				clear(slot[:])
			}
		}
		pg.trim(true)
	}
	t.flash = f
	return f
}

// restFlashLocked stores the flash in few bytes, if that is possible.
func (t *Token) restFlashLocked() {
	f := t.flash
	if f == nil {
		return
	}
	rest, ok := t.restingLocked()
	switch {
	case ok:
		t.rest, t.flash = rest, nil
	case f.spare:
		t.flash = mustFlash(f.State())
	}
	if f.spare {
		for i := range f.pages {
			clear(f.pages[i].data[:flashPage512]) // the record holds the seed
		}
		f.cut, f.fail, f.off, f.seed = 0, false, false, 0
		flashPool.Put(f)
	}
}

// restingLocked returns the resting state of the flash, if it has one.
func (t *Token) restingLocked() (r resting, ok bool) {
	f := t.flash
	if len(f.pages) != restPages || f.pageSize != flashPage512 || f.endurance != t.model.Endurance ||
		f.ops > math.MaxUint32 || f.armed() || f.off || f.seed != 0 {
		return r, false
	}
	r.ops = uint32(f.ops)
	newestPage, newestSlot, known := t.core.NewestSlot()
	for page := range f.pages {
		pg := &f.pages[page]
		r.erases[page] = pg.erases
		for i := range restSlots {
			content := &r.slots[page*restSlots+i]
			if len(pg.data) <= i*firmware.SlotSize {
				*content = slotErased
				continue
			}
			var slot [firmware.SlotSize]byte
			f.copyOut(page, i*firmware.SlotSize, slot[:])
			if known && page == newestPage && i == newestSlot {
				var record [firmware.SlotSize]byte
				t.core.EncodeSlot(&record)
				*content, ok = slotRecord, slot == record
			} else {
				*content, ok = slotZero, slot == [firmware.SlotSize]byte{}
			}
			if !ok {
				return r, false
			}
		}
	}
	return r, true
}

// flashOpsLocked returns the number of flash operations, without opening the flash.
func (t *Token) flashOpsLocked() uint64 {
	if t.flash == nil {
		return uint64(t.rest.ops)
	}
	return t.flash.Ops()
}

// flashPoweredLocked reports whether the flash has power.
func (t *Token) flashPoweredLocked() bool { return t.flash == nil || t.flash.Powered() }

// flashArmedLocked reports whether a fault is waiting for a flash operation.
func (t *Token) flashArmedLocked() bool { return t.flash != nil && t.flash.armed() }

// withFlashLocked calls f with the flash.
func (t *Token) withFlashLocked(f func(*Flash)) {
	f(t.openFlashLocked())
	t.restFlashLocked()
}
