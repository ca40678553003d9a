// SPDX-License-Identifier: Apache-2.0

package hwtest

import "github.com/d204ef64/fob/firmware"

const slot = firmware.SlotSize

// Flash checks a [firmware.Flash]. The contents are lost, and afterwards the flash is
// erased.
func Flash(f firmware.Flash, report Report) {
	pages, size := f.Geometry()
	valid := pages >= 2 && size >= slot && size%slot == 0
	report("Geometry returns 2 or more pages of a multiple of SlotSize", valid)
	again, sizeAgain := f.Geometry()
	report("Geometry is constant", pages == again && size == sizeAgain)
	if !valid {
		return
	}
	c := &flashCheck{f: f, pages: pages, slots: size / slot, size: size}
	report("Erase and Read succeed on every page", c.eraseAll())
	report("erased bytes read 0xFF", c.everywhere(nil))
	c.program(report)
	c.erase(report)
	c.bounds(report)
	report("every page can be erased after the test", c.eraseAll() && c.everywhere(nil))
}

// flashCheck holds the buffers, which are too large for a board's stack.
type flashCheck struct {
	f                  firmware.Flash
	pages, slots, size int
	want, got          [slot]byte
}

// pattern fills c.want with contents that are unique to the slot.
func (c *flashCheck) pattern(page, at int) {
	x := uint32(page*c.slots+at)*2654435761 + 1
	for i := range c.want {
		x = x*1664525 + 1013904223
		c.want[i] = byte(x >> 24)
	}
}

func (c *flashCheck) eraseAll() bool {
	for page := range c.pages {
		if c.f.Erase(page) != nil {
			return false
		}
	}
	return true
}

// everywhere reads the whole memory and reports whether the slots selected by written
// hold their patterns and all others are erased.
func (c *flashCheck) everywhere(written func(page, at int) bool) bool {
	for page := range c.pages {
		for at := range c.slots {
			for i := range c.want {
				c.want[i] = 0xFF
			}
			if written != nil && written(page, at) {
				c.pattern(page, at)
			}
			if c.f.Read(page, at*slot, c.got[:]) != nil || c.got != c.want {
				return false
			}
		}
	}
	return true
}

func (c *flashCheck) program(report Report) {
	page, at := c.pages-1, c.slots-1
	c.pattern(page, at)
	err := c.f.Program(page, at*slot, c.want[:])
	report("Program succeeds on an erased slot", err == nil)
	report("Program changes only its slot", c.everywhere(func(p, a int) bool { return p == page && a == at }))

	c.pattern(page, at)
	part := c.got[:5]
	err = c.f.Read(page, at*slot+3, part)
	report("Read starts at any offset and fills any length", err == nil && string(part) == string(c.want[3:8]))

	// Memory with an error-correcting code may refuse the second write, but it must not
	// set a bit.
	var over [slot]byte
	for i := range over {
		over[i] = byte(0xA5 + i)
	}
	programmed := c.f.Program(page, at*slot, over[:]) == nil
	ok := c.f.Read(page, at*slot, c.got[:]) == nil
	for i, b := range c.got {
		ok = ok && b&^c.want[i] == 0 && (!programmed || b == c.want[i]&over[i])
	}
	report("Program can only clear bits", ok)
}

func (c *flashCheck) erase(report Report) {
	ok := c.eraseAll()
	for page := range c.pages {
		for at := range c.slots {
			c.pattern(page, at)
			ok = ok && c.f.Program(page, at*slot, c.want[:]) == nil
		}
	}
	report("Program fills the whole memory", ok && c.everywhere(func(int, int) bool { return true }))
	for erased := range c.pages {
		err := c.f.Erase(erased)
		report("Erase sets every byte of its page to 0xFF and changes no other",
			err == nil && c.everywhere(func(p, _ int) bool { return p > erased }))
	}
}

func (c *flashCheck) bounds(report Report) {
	for i := range c.got {
		c.got[i] = 0
	}
	for _, at := range [...]struct{ page, off int }{
		{-1, 0}, {c.pages, 0}, {0, -slot}, {0, c.size}, {0, c.size - slot + 1},
	} {
		report("Read outside the flash is an error", c.f.Read(at.page, at.off, c.got[:]) != nil)
		report("Program outside the flash is an error", c.f.Program(at.page, at.off, c.got[:]) != nil)
	}
	report("Erase outside the flash is an error", c.f.Erase(-1) != nil && c.f.Erase(c.pages) != nil)
	report("an operation outside the flash changes nothing", c.everywhere(nil))
}
