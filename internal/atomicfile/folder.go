// SPDX-License-Identifier: Apache-2.0

package atomicfile

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder is an unfinished folder beside its final path. The caller must call Place or
// Discard.
type Folder struct {
	temp *TempFolder
	path string
	done bool // renamed or removed
}

// CreateFolder creates an unfinished folder for path that only its owner can read. The
// error is [fs.ErrExist] if path exists.
func CreateFolder(path string) (*Folder, error) {
	path = filepath.Clean(path)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, exists(err)
	}
	temp, err := NewTempFolder(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	return &Folder{temp: temp, path: path}, nil
}

// exists returns the error of a path that Lstat has found, or could not look for.
func exists(err error) error {
	if err == nil {
		return fs.ErrExist
	}
	return Cause(err)
}

// Write writes a new file in the folder, which only its owner can read.
func (f *Folder) Write(name string, fill func(io.Writer) error) error {
	file, err := os.OpenFile(filepath.Join(f.temp.Path, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Cause(err)
	}
	w := bufio.NewWriterSize(file, 64<<10)
	if err = fill(w); err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = file.Sync()
	}
	if e := file.Close(); err == nil {
		err = e
	}
	return Cause(err)
}

// Place moves the folder to its path. The error is [fs.ErrExist] if the path exists.
func (f *Folder) Place() error {
	if _, err := os.Lstat(f.path); !errors.Is(err, fs.ErrNotExist) {
		return exists(err)
	}
	if err := syncFolder(f.temp.Path); err != nil {
		return Cause(err)
	}
	if err := os.Rename(f.temp.Path, f.path); err != nil {
		return Cause(err)
	}
	f.done = true
	f.temp.release()
	return Cause(syncFolder(filepath.Dir(f.path)))
}

// Discard removes the folder, unless it has been moved to its path.
func (f *Folder) Discard() error {
	if f.done {
		return nil
	}
	f.done = true
	return f.temp.Remove()
}
