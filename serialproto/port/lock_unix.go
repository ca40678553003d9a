// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package port

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openLocked opens a terminal device without waiting for carrier, and locks it. The
// lock is flock on the node, which also keeps out root and which follows the inode
// through links. Hardware also gets TIOCEXCL.
func openLocked(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func lock(f *os.File) error {
	if !isTerminal(f) {
		return fmt.Errorf("%w: not a serial device or terminal", ErrAddress)
	}
	// Take flock first. If TIOCEXCL came first, the next open by an ordinary user would
	// fail before it could find the lock, and we must not set it on another program's
	// port.
	err := control(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrBusy
	}
	if err != nil {
		return fmt.Errorf("locking: %w", err)
	}
	if !isPTY(f) {
		return setExclusive(f, true)
	}
	return nil
}

// unlock releases the lock at once, even if a child process that is about to exec still
// shares the descriptor.
func unlock(f *os.File) {
	if !isPTY(f) {
		_ = setExclusive(f, false)
	}
	_ = control(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_UN) })
}

func setExclusive(f *os.File, on bool) error {
	request := uint(unix.TIOCNXCL)
	if on {
		request = unix.TIOCEXCL
	}
	return control(f, func(fd int) error { return unix.IoctlSetInt(fd, request, 0) })
}

// control runs an operation on the descriptor. Unlike File.Fd, it does not remove the
// descriptor from the runtime's poller.
func control(f *os.File, op func(fd int) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if cerr := conn.Control(func(fd uintptr) { err = op(int(fd)) }); cerr != nil {
		return cerr
	}
	return err
}
