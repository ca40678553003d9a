// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/d204ef64/fob/internal/secretfile"
)

// WriteFile writes a key file that only its owner may read. It is there whole or
// not at all, also after a power cut, and takes no file's place: a key that was
// written over is a database that was lost. The error wraps [ErrKeyFile], and
// fs.ErrExist where there is a file already.
func WriteFile(path string, m Master) (err error) {
	if m.IsZero() {
		return ErrNoKey
	}
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, ".fob-key-") // mode 0600
	if err != nil {
		return fmt.Errorf("%w %s: %w", ErrKeyFile, path, reason(err))
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(m.Text() + "\n")
	if err == nil {
		err = temp.Sync()
	}
	if e := temp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = place(temp.Name(), path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w %s: %w: name a new one", ErrKeyFile, path, fs.ErrExist)
	}
	if err != nil {
		return fmt.Errorf("%w %s: %w", ErrKeyFile, path, reason(err))
	}
	return nil
}

// reason is an error without the names of files: that of the temporary one says
// nothing to anybody.
func reason(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// place gives a file its name unless that is taken.
func place(temp, path string) error {
	err := os.Link(temp, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// Not every file system has links.
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(temp, path)
}

// syncDir puts a new name on the disk, where a directory can be opened.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
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
