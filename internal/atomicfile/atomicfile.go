// SPDX-License-Identifier: Apache-2.0

// Package atomicfile writes files that are either complete or absent, even after a
// power cut. Its errors do not contain the file name: callers know the path, and the
// name of a temporary file would be of no use.
package atomicfile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// Prefix is the start of the names of unfinished files. A process that is killed may
// leave such a file behind.
const Prefix = ".fob-"

// File is an unfinished file beside its final path. The caller must call Place, Replace
// or Discard.
type File struct {
	*os.File
	path string
	done bool // renamed or removed
}

// Create creates an unfinished file for path that only its owner can read (mode 0600).
func Create(path string) (*File, error) { return CreateMode(path, 0o600) }

// CreateMode creates an unfinished file for path with a mode, before the umask.
func CreateMode(path string, mode fs.FileMode) (*File, error) {
	f, err := os.OpenFile(filepath.Join(filepath.Dir(path), Prefix+rand.Text()), os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, Cause(err)
	}
	return &File{File: f, path: path}, nil
}

// Place moves the file to its path. The error is [fs.ErrExist] if the path exists.
func (f *File) Place() error { return f.finish(Place) }

// Replace moves the file to its path, and replaces an existing file.
func (f *File) Replace() error { return f.finish(replace) }

func (f *File) finish(move func(from, to string) error) error {
	err := f.Sync()
	if e := f.File.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = move(f.Name(), f.path)
		f.done = err == nil
	}
	return Cause(err)
}

// Discard removes the file, unless it has been moved to its path.
func (f *File) Discard() error {
	if f.done {
		return nil
	}
	f.done = true
	_ = f.File.Close() // an earlier attempt to finish may have closed it
	return Cause(os.Remove(f.Name()))
}

// Write writes a new file that only its owner can read. The error is [fs.ErrExist] if
// path exists.
func Write(path string, data []byte) error { return WriteMode(path, data, 0o600) }

// WriteMode writes a new file with a mode, before the umask. The error is [fs.ErrExist]
// if path exists.
func WriteMode(path string, data []byte, mode fs.FileMode) error {
	return write(path, data, mode, (*File).Place)
}

// Overwrite writes a file that only its owner can read, and replaces an existing one.
func Overwrite(path string, data []byte) error { return OverwriteMode(path, data, 0o600) }

// OverwriteMode writes a file with a mode, before the umask, and replaces an existing
// one.
func OverwriteMode(path string, data []byte, mode fs.FileMode) error {
	return write(path, data, mode, (*File).Replace)
}

func write(path string, data []byte, mode fs.FileMode, finish func(*File) error) error {
	f, err := CreateMode(path, mode)
	if err != nil {
		return err
	}
	_, err = f.File.Write(data)
	if err = Cause(err); err == nil {
		err = finish(f)
	}
	if e := f.Discard(); err == nil {
		err = e
	}
	return err
}

// Place moves a closed and synced file to a path on the same file system. The error is
// [fs.ErrExist] if the path exists.
func Place(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		err = os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return fs.ErrExist
	default: // some file systems have no links
		if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
			return fs.ErrExist
		}
		err = os.Rename(from, to)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(to))
	}
	return Cause(err)
}

func replace(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

// syncFolder writes the entries of a folder to disk, if the system supports that.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

// Cause strips the operation and the path from an error of package os.
func Cause(err error) error {
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
