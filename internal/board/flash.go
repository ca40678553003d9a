// SPDX-License-Identifier: Apache-2.0

package board

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/d204ef64/fob/firmware/board/factory"
	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/secretfile"
)

// FlashSize is the size of the board's flash in bytes, as QEMU requires.
const FlashSize = 32 << 20

// ErrFlash is returned for a file that cannot be a flash image.
var ErrFlash = errclass.New(errclass.Usage, "not a flash image")

// Factory is the data that the factory writes into a new board. The board's hardware ID
// is random.
type Factory struct {
	Model      string
	Digits     int      // 6 or 8
	StationKey [32]byte // X25519 public key of the station that the board obeys
}

// CreateFlash creates a flash file in its factory state. Only its owner can read the
// file, because it will hold a seed. The error wraps fs.ErrExist if the file exists.
func CreateFlash(path string, f Factory) error {
	id := factory.Identity{Model: f.Model, Digits: uint8(f.Digits), StationKey: f.StationKey}
	_, _ = rand.Read(id.HardwareID[:])
	id.HardwareID[0] |= 1 // never zero
	if !id.Valid() {
		return fmt.Errorf("%w: no board can have model %q, %d digits and this station key", ErrFlash, f.Model, f.Digits)
	}
	memory := bytes.Repeat([]byte{0xFF}, FlashSize)
	copy(memory, id.Append(nil))

	return atomicfile.Write(path, memory)
}

// checkFlash rejects files that QEMU would reject with a less clear message.
func checkFlash(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s does not exist", ErrFlash, path)
	case err != nil:
		return err
	case !info.Mode().IsRegular() || info.Size() != FlashSize:
		return fmt.Errorf("%w: %s is not a file of %d bytes", ErrFlash, path, FlashSize)
	}
	f, err := secretfile.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var head [4]byte
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return err
	}
	// A damaged page is reported by the board itself.
	if head != factory.Magic && head != [4]byte{0xFF, 0xFF, 0xFF, 0xFF} {
		return fmt.Errorf("%w: %s contains other data, which would be overwritten", ErrFlash, path)
	}
	return nil
}
