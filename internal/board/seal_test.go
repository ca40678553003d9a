// SPDX-License-Identifier: Apache-2.0

package board

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// segment is a part of a program with its address at run time, its address in flash,
// and its contents.
type segment struct {
	runs, lies uint32
	content    []byte
}

// writeELF writes an ELF file for an RP2040 with the given segments and symbols.
func writeELF(t *testing.T, segments []segment, symbols map[string]uint32) string {
	t.Helper()
	le := binary.LittleEndian
	const headSize, progSize, sectionSize, symbolSize = 52, 32, 40, 16
	names := []byte{0}
	table := make([]byte, symbolSize) // the first symbol is empty
	for name, value := range symbols {
		s := elf.Sym32{Name: uint32(len(names)), Value: value, Info: 0x10, Shndx: uint16(elf.SHN_ABS)}
		table, _ = binary.Append(table, le, s)
		names = append(append(names, name...), 0)
	}
	at := uint32(headSize + progSize*len(segments))
	var progs, content []byte
	for _, s := range segments {
		p := elf.Prog32{Type: uint32(elf.PT_LOAD), Off: at + uint32(len(content)), Vaddr: s.runs, Paddr: s.lies,
			Filesz: uint32(len(s.content)), Memsz: uint32(len(s.content))}
		progs, _ = binary.Append(progs, le, p)
		content = append(content, s.content...)
	}
	tableAt := at + uint32(len(content))
	namesAt := tableAt + uint32(len(table))
	sections, _ := binary.Append(nil, le, []elf.Section32{
		{},
		{Type: uint32(elf.SHT_SYMTAB), Off: tableAt, Size: uint32(len(table)), Link: 2, Entsize: symbolSize},
		{Type: uint32(elf.SHT_STRTAB), Off: namesAt, Size: uint32(len(names))},
	})
	head := elf.Header32{
		Ident: [16]byte{0x7F, 'E', 'L', 'F', byte(elf.ELFCLASS32), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_ARM), Version: 1,
		Phoff: headSize, Shoff: namesAt + uint32(len(names)), Ehsize: headSize,
		Phentsize: progSize, Phnum: uint16(len(segments)), Shentsize: sectionSize, Shnum: 3, Shstrndx: 2,
	}
	file, err := binary.Append(nil, le, head)
	require.NoError(t, err)
	file = bytes.Join([][]byte{file, progs, content, table, names, sections}, nil)
	path := filepath.Join(t.TempDir(), "fob.elf")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	return path
}

// TestSeal checks that the checksum covers the boot stage, the program, and the initial
// values of variables. In flash the values follow the program; at run time they are in
// RAM.
func TestSeal(t *testing.T) {
	boot, text, data := bytes.Repeat([]byte{1}, 256), bytes.Repeat([]byte{2}, 300), bytes.Repeat([]byte{3}, 20)
	blank := []byte{0xFF, 0xFF, 0xFF, 0xFF}
	segments := []segment{
		{0x10000000, 0x10000000, boot},
		{0x10000100, 0x10000100, text},
		{0x20004000, 0x20004000, nil}, // the stack
		{0x10000240, 0x10000240, blank},
		{0x20004000, 0x1000022C, data},
	}
	path := writeELF(t, segments, map[string]uint32{"_image_start": 0x10000000, "_image_end": 0x10000240, "main": 0x10000101})
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, seal(path))

	all := bytes.Join([][]byte{boot, text, data}, nil)
	sum := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(all)) // from the standard library
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, bytes.Replace(before, blank, sum, 1), after, "only the checksum may change")
	require.NoError(t, seal(path), "sealing again")
	again, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, after, again)

	file, err := encodeUF2(path)
	require.NoError(t, err)
	require.Len(t, file, 3*512)
	var flash []byte
	for ; len(file) > 0; file = file[512:] {
		require.Equal(t, uint32(0x10000000+len(flash)), binary.LittleEndian.Uint32(file[12:]))
		flash = append(flash, file[32:][:256]...)
	}
	require.Equal(t, append(all, sum...), flash[:len(all)+4])
	require.Equal(t, bytes.Repeat([]byte{0xFF}, len(flash)-len(all)-4), flash[len(all)+4:])
}

// TestSealWithoutChecksumField checks that an image of another linker script is left
// unchanged, and that encodeUF2 rejects it.
func TestSealWithoutChecksumField(t *testing.T) {
	path := writeELF(t, []segment{{0x100, 0x100, make([]byte, 16)}}, map[string]uint32{"main": 0x100})
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, seal(path))
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	_, err = encodeUF2(path)
	require.ErrorContains(t, err, "no place for a checksum")
}

// TestSealInvalidPrograms checks that an image that the checksum cannot cover completely
// is rejected.
func TestSealInvalidPrograms(t *testing.T) {
	one := segment{0x100, 0x100, make([]byte, 16)}
	for name, c := range map[string]struct {
		segments   []segment
		start, end uint32
		want       string
	}{
		"a gap":            {[]segment{one, {0x120, 0x120, make([]byte, 8)}}, 0x100, 0x124, "gap at 0x110"},
		"no start":         {[]segment{one}, 0, 0x10C, "gap at 0x0"},
		"cut off":          {[]segment{one}, 0x100, 0x10E, "outside the program"},
		"beyond":           {[]segment{one}, 0x100, 0x110, "outside the program"},
		"start behind end": {[]segment{one}, 0x10C, 0x108, "not before"},
	} {
		t.Run(name, func(t *testing.T) {
			path := writeELF(t, c.segments, map[string]uint32{"_image_start": c.start, "_image_end": c.end})
			require.ErrorContains(t, seal(path), c.want)
		})
	}
}
