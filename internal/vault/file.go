// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/secretfile"
)

// WriteFile writes a key file that only its owner may read. The file is written
// completely or not at all, even if the power fails. WriteFile does not replace an
// existing file: overwriting a key would make a database unreadable. The error wraps
// [ErrKeyFile], and also fs.ErrExist if the file exists.
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

// ReadFile reads a key file. If others may read or write the file, it returns
// [ErrKeyFile]: the mode must be 0600 or 0400, or 0640 or 0440 for a file owned by
// root.
func (r Realm) ReadFile(path string) (Master, error) {
	f, err := secretfile.Open(path)
	if err != nil {
		return Master{}, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	defer f.Close()
	m, err := r.ReadMaster(f)
	if err != nil {
		return Master{}, fmt.Errorf("%w %s: %w", ErrKeyFile, path, err)
	}
	return m, nil
}
