// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/secretfile"
)

// WriteFile writes a key file that only its owner may read. It is there whole or
// not at all, also after a power cut, and takes no file's place: a key that was
// written over is a database that was lost. The error wraps [ErrKeyFile], and
// fs.ErrExist where there is a file already.
func WriteFile(path string, m Master) error {
	if m.IsZero() {
		return ErrNoKey
	}
	err := atomicfile.Write(path, []byte(m.Text()+"\n"))
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%w %s: %w: name a new one", ErrKeyFile, path, fs.ErrExist)
	case err != nil:
		return fmt.Errorf("%w %s: %w", ErrKeyFile, path, err)
	}
	return nil
}

// ReadFile reads a key file. One that others may read or write is refused with
// [ErrKeyFile]: the mode must be 0600 or 0400; a file of root may be 0640 or 0440.
func ReadFile(path string) (Master, error) {
	f, err := secretfile.Open(path)
	if err != nil {
		return Master{}, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	defer f.Close()
	m, err := ReadMaster(f)
	if err != nil {
		return Master{}, fmt.Errorf("%w %s: %w", ErrKeyFile, path, err)
	}
	return m, nil
}
