// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package port

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ptyLink is a stable name for a terminal, whose own name changes at every run.
type ptyLink struct {
	path   string
	target string
	claim  claim
}

// makeLink makes path a symbolic link to target, in one atomic step. It replaces the
// link of a killed process. It does not replace a link that a living process serves, or
// anything that is not such a link.
func makeLink(path, target string) (*ptyLink, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	claim, err := claimName(path)
	if err != nil {
		return nil, err
	}
	l := &ptyLink{path: path, target: target, claim: claim}
	if err := l.place(); err != nil {
		claim.release()
		return nil, err
	}
	return l, nil
}

func (l *ptyLink) place() error {
	old, err := os.Readlink(l.path)
	switch {
	case err == nil && !isPTYName(old):
		return fmt.Errorf("%w: the link exists and points to %s, which is not a terminal; remove it or choose another name", ErrAddress, old)
	case err == nil, errors.Is(err, fs.ErrNotExist):
	default: // not a link
		if _, serr := os.Lstat(l.path); serr != nil {
			return serr
		}
		return fmt.Errorf("%w: the file exists and is not a link; remove it or choose another name", ErrAddress)
	}
	if err == nil { // stale: a living owner would hold the claim
		next := l.path + "." + strings.ToLower(rand.Text())
		if err := os.Symlink(l.target, next); err != nil {
			return err
		}
		if err := os.Rename(next, l.path); err != nil {
			os.Remove(next)
			return err
		}
		return nil
	}
	return os.Symlink(l.target, l.path) // fails if a file has appeared meanwhile
}

// remove deletes the link if it is still ours.
func (l *ptyLink) remove() error {
	defer l.claim.release()
	if target, err := os.Readlink(l.path); err != nil || target != l.target {
		return nil // another program has replaced or removed it
	}
	if err := os.Remove(l.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func isPTYName(name string) bool {
	return strings.HasPrefix(name, "/dev/pts/") || strings.HasPrefix(name, "/dev/ttys")
}
