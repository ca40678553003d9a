// SPDX-License-Identifier: Apache-2.0

// Package secretfile opens files that hold a key, password or other secret. It refuses
// a file that unauthorised users can read or change.
package secretfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/d204ef64/fob/internal/errclass"
)

// ErrMode is the error for a file that others may use.
var ErrMode = errclass.New(errclass.Usage, "others may use it")

// maxSize is the maximum number of bytes that Read reads.
const maxSize = 1 << 20

// Open opens a file that only its owner can use. A file owned by root may also be
// readable by a group: systemd passes credentials in this way, and Debian keeps TLS
// keys for the group ssl-cert (PostgreSQL has the same rule). The mode of anything
// except a regular file, such as a pipe at /dev/fd/3, has no meaning and is not
// checked.
func Open(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = check(path, info)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func check(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return nil
	}
	forbidden := fs.FileMode(0o077)
	if ofRoot(info) {
		forbidden = 0o037
	}
	if mode := info.Mode().Perm(); enforced && mode&forbidden != 0 {
		return fmt.Errorf("%s: %w (mode %04o): chmod 600 it, and make a new one if others may have read it", path, ErrMode, mode)
	}
	return nil
}

// Read opens a file and reads it.
func Read(path string) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err == nil && len(b) > maxSize {
		err = fmt.Errorf("%s: larger than %d bytes", path, maxSize)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		clear(b)
		return nil, err
	}
	return b, nil
}
