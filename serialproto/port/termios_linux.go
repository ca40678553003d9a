// SPDX-License-Identifier: Apache-2.0

package port

import (
	"os"

	"golang.org/x/sys/unix"
)

const (
	ioctlGetTermios = unix.TCGETS
	ioctlSetTermios = unix.TCSETS
)

func setSpeed(t *unix.Termios) {
	t.Cflag = t.Cflag&^unix.CBAUD | unix.B115200
	t.Ispeed, t.Ospeed = unix.B115200, unix.B115200
}

// Major numbers of PTY slaves, from Documentation/admin-guide/devices.txt in Linux.
const (
	firstPTYMajor = 136
	lastPTYMajor  = 143
)

func isPTY(f *os.File) bool {
	var st unix.Stat_t
	if control(f, func(fd int) error { return unix.Fstat(fd, &st) }) != nil {
		return false
	}
	major := unix.Major(uint64(st.Rdev))
	return major >= firstPTYMajor && major <= lastPTYMajor
}

// readLine reads the line settings of a terminal. TCGETS2 gives the speed as a number,
// where TCGETS has only codes for the usual speeds.
func readLine(f *os.File) (Line, bool) {
	var t *unix.Termios
	err := control(f, func(fd int) (err error) {
		t, err = unix.IoctlGetTermios(fd, unix.TCGETS2)
		return err
	})
	if err != nil {
		return Line{}, false
	}
	l := Line{Baud: int(t.Ospeed), DataBits: 5, Parity: ParityNone, StopBits: 1}
	switch t.Cflag & unix.CSIZE {
	case unix.CS6:
		l.DataBits = 6
	case unix.CS7:
		l.DataBits = 7
	case unix.CS8:
		l.DataBits = 8
	}
	switch {
	case t.Cflag&unix.PARENB == 0:
	case t.Cflag&unix.PARODD != 0:
		l.Parity = ParityOdd
	default:
		l.Parity = ParityEven
	}
	if t.Cflag&unix.CSTOPB != 0 {
		l.StopBits = 2
	}
	return l, true
}

func flush(f *os.File, queue int) error {
	return control(f, func(fd int) error { return unix.IoctlSetInt(fd, unix.TCFLSH, queue) })
}
