// SPDX-License-Identifier: Apache-2.0

package board

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"github.com/d204ef64/fob/firmware"
)

// imageEnd is the linker script's name for the end of the program in flash, where
// the checksum lies that the self-test compares.
const imageEnd = "_image_end"

// seal puts the checksum of the program into an image whose linker script has a
// place for it. Other images stay as they are.
func seal(path string) error {
	offset, program, order, err := findImage(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	if program == nil {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	sum := order.AppendUint32(nil, firmware.CRC32(program))
	if _, err := f.WriteAt(sum, offset); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// byteOrder is the processor's.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// findImage returns where in the file the checksum lies and what it is made of;
// program is nil in an image without one.
func findImage(path string) (offset int64, program []byte, order byteOrder, err error) {
	f, err := elf.Open(path)
	if err != nil {
		return 0, nil, nil, err
	}
	defer f.Close()
	order = binary.LittleEndian
	if f.ByteOrder == binary.BigEndian {
		order = binary.BigEndian
	}
	symbols, err := f.Symbols()
	if err != nil {
		return 0, nil, nil, err
	}
	for _, s := range symbols {
		if s.Name != imageEnd {
			continue
		}
		for _, p := range f.Progs {
			if p.Type != elf.PT_LOAD || s.Value < p.Vaddr || s.Value+4 > p.Vaddr+p.Filesz {
				continue
			}
			n := s.Value - p.Vaddr
			program = make([]byte, n)
			if _, err := io.ReadFull(p.Open(), program); err != nil {
				return 0, nil, nil, err
			}
			return int64(p.Off + n), program, order, nil
		}
		return 0, nil, nil, fmt.Errorf("%s is outside the program", imageEnd)
	}
	return 0, nil, order, nil
}
