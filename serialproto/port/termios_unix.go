// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package port

import (
	"os"

	"golang.org/x/sys/unix"
)

func isTerminal(f *os.File) bool {
	return control(f, func(fd int) error {
		_, err := unix.IoctlGetTermios(fd, ioctlGetTermios)
		return err
	}) == nil
}

// setRaw makes the terminal pass every byte unchanged, at 115200 8N1, regardless of the
// modem lines.
func setRaw(f *os.File) error {
	return control(f, func(fd int) error {
		t, err := unix.IoctlGetTermios(fd, ioctlGetTermios)
		if err != nil {
			return err
		}
		t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
		t.Cflag &^= unix.CSIZE | unix.CSTOPB | unix.PARENB | unix.PARODD | unix.CRTSCTS
		t.Cflag |= unix.CS8 | unix.CREAD | unix.CLOCAL
		t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
		setSpeed(t)
		return unix.IoctlSetTermios(fd, ioctlSetTermios, t)
	})
}

// flushInput discards bytes that have arrived but were not read.
func flushInput(f *os.File) error { return flush(f, unix.TCIFLUSH) }

// flushAll discards bytes that were not read or not sent.
func flushAll(f *os.File) error { return flush(f, unix.TCIOFLUSH) }
