// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package port

import (
	"os"
	"path/filepath"
)

// ttyPort is one end of a terminal that was opened by its name. It uses the runtime's
// poller. Therefore it has deadlines, and its descriptor may have any number.
type ttyPort struct {
	*endpoint
	file *os.File
}

// openTTY opens and locks the terminal at path, and sets it to raw mode. addr is the
// Port's address for errors.
func openTTY(path, addr string) (*ttyPort, error) {
	path, err := filepath.EvalSymlinks(path) // on some systems isPTY depends on the name
	if err != nil {
		return nil, err
	}
	f, err := openLocked(path)
	if err != nil {
		return nil, err
	}
	if err := setRaw(f); err != nil {
		f.Close()
		return nil, err
	}
	return &ttyPort{&endpoint{inner: f, addr: addr, beforeClose: func() { unlock(f) }}, f}, nil
}
