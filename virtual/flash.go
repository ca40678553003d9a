// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/internal/errclass"
)

// The errors of [Flash] operations.
var (
	// ErrPowerCut is the error of the operation during which the power failed, and of
	// all operations after it until [Flash.PowerOn].
	ErrPowerCut = errclass.New(errclass.Failed, "flash: no power")
	// ErrWornOut is the error of a page that has used up its erase cycles.
	ErrWornOut = errclass.New(errclass.Failed, "flash: page is worn out")
	// ErrWriteFault is the error of a single operation that was made to fail.
	ErrWriteFault = errclass.New(errclass.Failed, "flash: write failed")
	// ErrFlashRange is the error of a page, offset or length outside the memory.
	ErrFlashRange = errclass.New(errclass.Failed, "flash: address out of range")
)

// Endurances of usual parts, in erase cycles of each page.
const (
	Endurance10k  = 10_000
	Endurance100k = 100_000
)

const erased = 0xFF

// Flash is NOR flash memory that stores only programmed bytes: an erased page costs 32
// bytes. Programming clears bits, erasing sets them.
//
// Two faults can be armed: the power fails during an operation ([Flash.CutAt]), or one
// operation fails ([Flash.FailNext]). Either leaves the bytes of that operation, and no
// others, in a state drawn from the given seed.
type Flash struct {
	pages     []flashPage
	pageSize  int32
	endurance uint32 // erase cycles that a page withstands; 0: no limit
	ops       uint64
	cut       uint32 // the power fails during the cut-th operation from now; 0: never
	fail      bool   // the next operation fails
	off       bool
	spare     bool // erased pages keep their memory, which is used again
	seed      uint64
}

type flashPage struct {
	data   []byte // up to the last byte that is not erased
	erases uint32
}

var _ firmware.Flash = (*Flash)(nil)

// NewFlash returns erased memory of the given geometry. Every page withstands endurance
// erase cycles; 0 means no limit. NewFlash panics if pages is below 2 or pageSize is
// not a positive multiple of [firmware.SlotSize].
func NewFlash(pages, pageSize int, endurance uint32) *Flash {
	return mustFlash(FlashState{Pages: make([]FlashPage, pages), PageSize: pageSize, Endurance: endurance})
}

func mustFlash(s FlashState) *Flash {
	f, err := NewFlashFrom(s)
	if err != nil {
		panic("virtual: " + err.Error())
	}
	return f
}

// Geometry returns the number of pages and their size in bytes.
func (f *Flash) Geometry() (pages, pageSize int) { return len(f.pages), int(f.pageSize) }

// Read fills p with bytes of the page, from offset off.
func (f *Flash) Read(page, off int, p []byte) error {
	if err := f.check("reading", page, off, len(p)); err != nil {
		return err
	}
	if f.off {
		return ErrPowerCut
	}
	f.copyOut(page, off, p)
	return nil
}

// Program clears the bits of the page, from offset off, that are 0 in p.
func (f *Flash) Program(page, off int, p []byte) error {
	if err := f.check("programming", page, off, len(p)); err != nil {
		return err
	}
	if f.off {
		return ErrPowerCut
	}
	pg := &f.pages[page]
	fault := f.begin()
	cells := pg.cells(off + len(p))[off:]
	if fault != nil {
		tornProgram(f.random(), cells, p)
	} else {
		and(cells, p)
		if f.wornOut(pg.erases) { // bits can still be cleared, but they are not reliable
			fault = fmt.Errorf("programming page %d after %d erase cycles: %w", page, f.endurance, ErrWornOut)
		}
	}
	pg.trim(f.spare)
	return fault
}

// Erase sets every byte of the page to 0xFF and counts an erase cycle.
func (f *Flash) Erase(page int) error {
	if err := f.check("erasing", page, 0, 0); err != nil {
		return err
	}
	if f.off {
		return ErrPowerCut
	}
	pg := &f.pages[page]
	fault := f.begin()
	if !f.wornOut(pg.erases) {
		pg.erases++
	}
	if fault == nil && f.wornOut(pg.erases) {
		return fmt.Errorf("erasing page %d after %d erase cycles: %w", page, f.endurance, ErrWornOut)
	}
	if fault != nil {
		tornErase(f.random(), pg.cells(int(f.pageSize)))
	} else {
		pg.data = pg.data[:0]
	}
	pg.trim(f.spare)
	return fault
}

// CutAt makes the power fail during the n-th Program or Erase from now (1 = the next
// one). The bytes of that operation are left in a state drawn from seed. An n of 0
// disarms the fault.
func (f *Flash) CutAt(n uint32, seed uint64) { f.cut, f.seed = n, seed }

// FailNext makes the next Program or Erase fail with [ErrWriteFault] while the power
// stays on. Its bytes are left in a state drawn from seed.
func (f *Flash) FailNext(seed uint64) { f.fail, f.seed = true, seed }

// PowerOff makes every operation fail until PowerOn.
func (f *Flash) PowerOff() { f.off = true }

// PowerOn restores power after a failure. Armed faults stay armed.
func (f *Flash) PowerOn() { f.off = false }

// Powered reports whether the memory has power.
func (f *Flash) Powered() bool { return !f.off }

// Ops returns how many Program and Erase operations have been started.
func (f *Flash) Ops() uint64 { return f.ops }

// disarm forgets the faults that wait for an operation.
func (f *Flash) disarm() { f.cut, f.fail = 0, false }

// armed reports whether a fault is waiting for an operation.
func (f *Flash) armed() bool { return f.cut != 0 || f.fail }

// Erases returns the number of erase cycles of a page, 0 for a page that does not
// exist.
func (f *Flash) Erases(page int) uint32 {
	if page < 0 || page >= len(f.pages) {
		return 0
	}
	return f.pages[page].erases
}

// Wear sets the erase cycles of every page, to simulate memory that has been in use.
func (f *Flash) Wear(cycles uint32) {
	for i := range f.pages {
		f.pages[i].erases = cycles
	}
}

// Resident returns how many bytes of RAM the stored data occupies.
func (f *Flash) Resident() int {
	n := 0
	for _, p := range f.pages {
		n += cap(p.data)
	}
	return n
}

// begin counts an operation and returns the fault that affects it, or nil.
func (f *Flash) begin() error {
	f.ops++
	if f.cut > 0 {
		if f.cut--; f.cut == 0 {
			f.off = true
			return ErrPowerCut
		}
	}
	if f.fail {
		f.fail = false
		return ErrWriteFault
	}
	return nil
}

// random returns a new source for each operation. The bytes that a fault leaves
// therefore depend on the seed and the operation only.
func (f *Flash) random() *rand.Rand { return rand.New(rand.NewPCG(f.seed, f.ops)) }

func (f *Flash) wornOut(cycles uint32) bool { return f.endurance > 0 && cycles > f.endurance }

func (f *Flash) check(op string, page, off, n int) error {
	if page < 0 || page >= len(f.pages) || off < 0 || off > int(f.pageSize) || n > int(f.pageSize)-off {
		return fmt.Errorf("%s %d bytes at page %d offset %d: %w", op, n, page, off, ErrFlashRange)
	}
	return nil
}

func (f *Flash) copyOut(page, off int, p []byte) {
	data, n := f.pages[page].data, 0
	if off < len(data) {
		n = copy(p, data[off:])
	}
	fillErased(p[n:])
}

// fillErased sets every byte of p to 0xFF.
func fillErased(p []byte) {
	for len(p) > 0 {
		p = p[copy(p, erasedSlot[:]):]
	}
}

// erasedSlot is the content of a slot that is erased.
var erasedSlot = func() (slot [firmware.SlotSize]byte) {
	for i := range slot {
		slot[i] = erased
	}
	return slot
}()

// and clears the bits of cells that are 0 in p, which has the same length.
func and(cells, p []byte) {
	for len(p) >= 8 {
		le := binary.LittleEndian
		le.PutUint64(cells, le.Uint64(cells)&le.Uint64(p))
		cells, p = cells[8:], p[8:]
	}
	for i, b := range p {
		cells[i] &= b
	}
}

// cells returns the first n bytes of the page, which the caller may change. Call trim
// afterwards.
func (p *flashPage) cells(n int) []byte {
	if n > cap(p.data) {
		p.data = append(make([]byte, 0, n), p.data...)
	}
	if old := len(p.data); old < n {
		p.data = p.data[:n]
		fillErased(p.data[old:])
	}
	return p.data[:n]
}

// trim removes the erased bytes at the end. Unless spare is set, the page then occupies
// no more memory than it needs.
func (p *flashPage) trim(spare bool) {
	p.data = p.data[:lenWithoutErased(p.data)]
	if !spare && len(p.data) < cap(p.data) {
		p.data = clone(p.data)
	}
}

// lenWithoutErased returns the length of b without erased bytes at its end.
func lenWithoutErased(b []byte) int {
	n := len(b)
	for n >= 8 && binary.LittleEndian.Uint64(b[n-8:n]) == math.MaxUint64 {
		n -= 8
	}
	for n > 0 && b[n-1] == erased {
		n--
	}
	return n
}

// clone returns a copy of b without spare capacity; nil if b is empty.
func clone(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return append(make([]byte, 0, len(b)), b...)
}

// tornProgram leaves in cells the result of programming p over it, interrupted at a
// random point: a prefix is complete, one byte is half done, and the rest is unchanged.
func tornProgram(r *rand.Rand, cells, p []byte) {
	at := r.IntN(len(p) + 1)
	for i := range at {
		cells[i] &= p[i]
	}
	if at < len(p) {
		cells[at] &= p[at] | byte(r.Uint32())
	}
}

// tornErase leaves in cells the result of an interrupted erase. The charge pump works
// on the whole page at once. The result ranges from almost unchanged, through a mix of
// old, erased, half-erased and undefined bytes, to almost completely erased.
func tornErase(r *rand.Rand, cells []byte) {
	done := r.Float64()
	for i := range cells {
		switch {
		case r.Float64() < done*done:
			cells[i] = erased
		case r.Float64() < done:
			cells[i] |= byte(r.Uint32())
		case r.Float64() < done/4:
			cells[i] = byte(r.Uint32())
		}
	}
}

// FlashState is the state of a [Flash], for a snapshot. It contains the seed of a token
// if the memory does.
type FlashState struct {
	Pages     []FlashPage `json:"pages"`
	PageSize  int         `json:"pageSize"`
	Endurance uint32      `json:"endurance,omitempty"`
	Ops       uint64      `json:"ops"`
	Cut       uint32      `json:"cut,omitempty"`
	Fail      bool        `json:"fail,omitempty"`
	Off       bool        `json:"off,omitempty"`
	Seed      uint64      `json:"seed,omitempty"`
}

// FlashPage is a page of a [FlashState].
type FlashPage struct {
	Data   []byte `json:"data,omitempty"` // up to the last byte that is not 0xFF
	Erases uint32 `json:"erases,omitempty"`
}

// State returns a copy of the complete state.
func (f *Flash) State() FlashState {
	s := FlashState{
		Pages: make([]FlashPage, len(f.pages)), PageSize: int(f.pageSize), Endurance: f.endurance,
		Ops: f.ops, Cut: f.cut, Fail: f.fail, Off: f.off, Seed: f.seed,
	}
	for i, p := range f.pages {
		s.Pages[i] = FlashPage{Data: clone(p.data), Erases: p.erases}
	}
	return s
}

// check returns an error if the geometry is invalid.
func (s *FlashState) check() error {
	if len(s.Pages) < 2 {
		return fmt.Errorf("flash of %d pages: want 2 or more", len(s.Pages))
	}
	if s.PageSize <= 0 || s.PageSize%firmware.SlotSize != 0 || s.PageSize > 1<<24 {
		return fmt.Errorf("flash page of %d bytes: not a multiple of %d", s.PageSize, firmware.SlotSize)
	}
	for i, p := range s.Pages {
		if len(p.Data) > s.PageSize {
			return fmt.Errorf("flash page %d: %d bytes in a page of %d", i, len(p.Data), s.PageSize)
		}
	}
	return nil
}

// NewFlashFrom returns a memory with the given state. It returns an error if the
// geometry is invalid.
func NewFlashFrom(s FlashState) (*Flash, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	f := &Flash{
		pages: make([]flashPage, len(s.Pages)), pageSize: int32(s.PageSize), endurance: s.Endurance,
		ops: s.Ops, cut: s.Cut, fail: s.Fail, off: s.Off, seed: s.Seed,
	}
	for i, p := range s.Pages {
		f.pages[i] = flashPage{data: clone(p.Data[:lenWithoutErased(p.Data)]), erases: p.Erases}
	}
	return f, nil
}

// Image returns the whole memory as a programmer would read it, page after page, with
// erased bytes as 0xFF.
func (f *Flash) Image() []byte {
	image := make([]byte, len(f.pages)*int(f.pageSize))
	for i := range f.pages {
		f.copyOut(i, 0, image[i*int(f.pageSize):(i+1)*int(f.pageSize)])
	}
	return image
}

// LoadImage replaces the contents by an image, as a programmer would. The image must
// have exactly the memory's size; otherwise the error wraps [ErrFlashRange]. Erase
// cycles and armed faults do not change.
func (f *Flash) LoadImage(image []byte) error {
	if want := len(f.pages) * int(f.pageSize); len(image) != want {
		return fmt.Errorf("loading an image of %d bytes into a flash of %d bytes: %w", len(image), want, ErrFlashRange)
	}
	for i := range f.pages {
		page := image[i*int(f.pageSize) : (i+1)*int(f.pageSize)]
		f.pages[i].data = clone(page[:lenWithoutErased(page)])
	}
	return nil
}
