// SPDX-License-Identifier: Apache-2.0

//go:build tinygo

package main

import (
	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/firmware/board/factory"
)

// flash implements firmware.Flash on the blocks from blockStore onwards.
type flash struct {
	// cutIn is the number of operations until the power fails, or 0 for never. The rig
	// sets it.
	cutIn uint32
}

func (*flash) Geometry() (pages, pageSize int) { return storePages, usedSize }

func within(page, off, n int) error {
	if page < 0 || page >= storePages || off < 0 || off+n > usedSize {
		return errOutside
	}
	return nil
}

func (*flash) Read(page, off int, p []byte) error {
	if err := within(page, off, len(p)); err != nil {
		return err
	}
	flashRead(blockStore+page, off, p)
	return nil
}

func (f *flash) Program(page, off int, p []byte) error {
	if err := within(page, off, len(p)); err != nil {
		return err
	}
	if off%4 != 0 || len(p)%4 != 0 || len(p) > firmware.SlotSize {
		return errOutside
	}
	if f.cut() {
		// Power fails after a random part of the write.
		n := int(ticks()) & (firmware.SlotSize - 4)
		_ = flashProgram(blockStore+page, off, p[:min(n, len(p))])
		restart()
	}
	return flashProgram(blockStore+page, off, p)
}

func (f *flash) Erase(page int) error {
	if err := within(page, 0, 0); err != nil {
		return err
	}
	if f.cut() { // QEMU erases in one step, so power fails before or after it
		if ticks()&1 != 0 {
			_ = flashErase(blockStore + page)
		}
		restart()
	}
	return flashErase(blockStore + page)
}

// cut reports whether the power fails inside this operation.
func (f *flash) cut() bool {
	if f.cutIn == 0 {
		return false
	}
	f.cutIn--
	return f.cutIn == 0
}

// records implements factory.Store.
type records struct{}

var _ factory.Store = records{}

func (records) Read(record int, p []byte) error {
	flashRead(blockFactory+record, 0, p)
	return nil
}

func (records) Write(record int, p []byte) error {
	if err := flashErase(blockFactory + record); err != nil {
		return err
	}
	return flashProgram(blockFactory+record, 0, p)
}
