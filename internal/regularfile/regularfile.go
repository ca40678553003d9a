// SPDX-License-Identifier: Apache-2.0

// Package regularfile reads files in folders that others may have written. It refuses
// named pipes and devices, whose reading may never end, and has a size limit.
package regularfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/d204ef64/fob/internal/errclass"
)

// ErrKind is the error of a pipe, device or folder, or a link to one.
var ErrKind = errclass.New(errclass.Usage, "not a regular file")

// MaxSize is the maximum number of bytes that Read reads.
const MaxSize = 16 << 20

// Open opens a regular file. The error may be a [fs.PathError] of [ErrKind].
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path) // before it is opened: opening a pipe waits for a writer
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: ErrKind}
	}
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

// Read reads a regular file.
func Read(path string) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err == nil && len(b) > MaxSize {
		err = &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %d bytes", MaxSize)}
	}
	return b, errors.Join(err, f.Close())
}
