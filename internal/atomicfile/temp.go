// SPDX-License-Identifier: Apache-2.0

package atomicfile

import (
	"os"
	"path/filepath"
	"regexp"

	"github.com/gofrs/flock"
)

// TempFolder is a folder for unfinished files that only its owner can read. Its process
// keeps it locked: the folder of a killed process has no lock, and the next TempFolder in
// the same place removes it.
type TempFolder struct {
	Path string
	lock *flock.Flock
}

const tempPrefix = Prefix + "folder-"

var tempName = regexp.MustCompile(`^` + regexp.QuoteMeta(tempPrefix) + `[0-9]+$`)

// NewTempFolder creates a folder in another, and removes the folders of killed processes
// there. Where the system cannot lock folders, these stay.
func NewTempFolder(in string) (*TempFolder, error) {
	left, _ := filepath.Glob(filepath.Join(in, tempPrefix+"*"))
	for _, path := range left {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || !tempName.MatchString(filepath.Base(path)) {
			continue
		}
		f := &TempFolder{path, lockOf(path)}
		if killed, err := f.lock.TryLock(); err == nil && killed {
			_ = f.Remove()
		}
	}
	for {
		path, err := os.MkdirTemp(in, tempPrefix)
		if err != nil {
			return nil, Cause(err)
		}
		f := &TempFolder{path, lockOf(path)}
		locked, err := f.lock.TryLock()
		if _, gone := os.Lstat(path); gone == nil && (locked || err != nil) {
			return f, nil
		}
		// Another process found it before it was locked, and removes it.
		_ = f.lock.Close()
	}
}

// lockOf returns the lock of a folder. A lock file would have to be removed before the
// folder gets its final name.
func lockOf(path string) *flock.Flock { return flock.New(path, flock.SetFlag(os.O_RDONLY)) }

// Remove removes the folder and its files, if it still has its name.
func (f *TempFolder) Remove() error {
	err := os.RemoveAll(f.Path)
	f.release()
	return Cause(err)
}

// release unlocks the folder.
func (f *TempFolder) release() { _ = f.lock.Close() }
