// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package port

import (
	"os"
	"path/filepath"

	"go.bug.st/serial"
)

// lockedFile is our own descriptor of a serial device. It holds the lock and does the
// writing, because the library's Write has no deadline and stays blocked after Close.
type lockedFile struct{ *os.File }

// lockDevice opens and locks the device at path. It returns the path by which the
// library must open the same device.
func lockDevice(path string) (string, *lockedFile, error) {
	// Resolve links only once. Otherwise a link that changes in between could lead the
	// library to a device that is not locked.
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", nil, err
	}
	f, err := openLocked(real)
	if err != nil {
		return "", nil, err
	}
	return real, &lockedFile{f}, nil
}

// line returns the write side.
func (l *lockedFile) line(serial.Port) deviceLine {
	if isPTY(l.File) {
		// The library has set TIOCEXCL. See "Locks" in the package comment.
		_ = setExclusive(l.File, false)
	}
	return l
}

func (l *lockedFile) Close() error {
	unlock(l.File)
	return l.File.Close()
}
