// SPDX-License-Identifier: Apache-2.0

package board

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/internal/uf2"
)

// The linker script's symbols for the start of the program in flash and for its end.
// The checksum that the self-test compares is at the end.
const (
	imageStart = "_image_start"
	imageEnd   = "_image_end"
	sumSize    = 4
)

// program is the part of an image that goes into flash.
type program struct {
	address uint64 // of the first byte
	bytes   []byte // the bytes that the checksum covers
	sum     []byte // the checksum that the file contains
	offset  int64  // position of the checksum in the file
	order   byteOrder
}

// byteOrder is the byte order of the processor.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// seal writes the checksum of the program into an image whose linker script reserves a
// place for it. It leaves other images unchanged.
func seal(path string) error {
	p, err := readProgram(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	if p == nil {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(p.order.AppendUint32(nil, firmware.CRC32(p.bytes)), p.offset)
	return errors.Join(err, f.Close())
}

// readProgram returns the program in an image, or nil if the image has no place for a
// checksum.
func readProgram(path string) (*program, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		return nil, err
	}
	at := map[string]uint64{}
	for _, s := range symbols {
		at[s.Name] = s.Value
	}
	start, end := at[imageStart], at[imageEnd]
	if end == 0 {
		return nil, nil
	}
	p := &program{address: start, order: binary.LittleEndian}
	if f.ByteOrder == binary.BigEndian {
		p.order = binary.BigEndian
	}
	if end <= start {
		return nil, fmt.Errorf("%s is not before %s", imageStart, imageEnd)
	}
	// The physical address of a segment is its place in flash. At start, variables are
	// copied from there to RAM.
	segments := slices.DeleteFunc(slices.Clone(f.Progs), func(s *elf.Prog) bool { return s.Type != elf.PT_LOAD || s.Filesz == 0 })
	slices.SortFunc(segments, func(a, b *elf.Prog) int { return cmp.Compare(a.Paddr, b.Paddr) })
	next := start
	for _, s := range segments {
		if s.Paddr+s.Filesz <= start || s.Paddr >= end+sumSize {
			continue
		}
		if s.Paddr > next {
			return nil, fmt.Errorf("the image has a gap at %#x", next)
		}
		content := make([]byte, s.Filesz)
		if _, err := io.ReadFull(s.Open(), content); err != nil {
			return nil, err
		}
		if s.Paddr <= end && end+sumSize <= s.Paddr+s.Filesz {
			p.offset = int64(s.Off + end - s.Paddr)
			p.sum = content[end-s.Paddr:][:sumSize]
		}
		if to := min(end, s.Paddr+s.Filesz); to > next {
			p.bytes = append(p.bytes, content[next-s.Paddr:to-s.Paddr]...)
			next = to
		}
	}
	if uint64(len(p.bytes)) != end-start || p.sum == nil {
		return nil, fmt.Errorf("%s is outside the program", imageEnd)
	}
	return p, nil
}

// encodeUF2 returns a UF2 file that writes a sealed program into an RP2040's flash.
func encodeUF2(path string) ([]byte, error) {
	p, err := readProgram(path)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, errors.New("no place for a checksum")
	}
	content := slices.Concat(p.bytes, p.sum)
	if rest := len(content) % uf2.Payload; rest > 0 {
		content = append(content, bytes.Repeat([]byte{0xFF}, uf2.Payload-rest)...)
	}
	return uf2.Encode(uf2.RP2040, uint32(p.address), content)
}
