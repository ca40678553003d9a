// SPDX-License-Identifier: Apache-2.0

package port

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	ioctlGetTermios = unix.TIOCGETA
	ioctlSetTermios = unix.TIOCSETA
)

func setSpeed(t *unix.Termios) { t.Ispeed, t.Ospeed = unix.B115200, unix.B115200 }

// isPTY decides by the name: slaves are /dev/ttys000 and up.
func isPTY(f *os.File) bool { return strings.HasPrefix(f.Name(), "/dev/ttys") }

func readLine(*os.File) (Line, bool) { return Line{}, false }

func flush(f *os.File, queue int) error {
	which := map[int]int{unix.TCIFLUSH: fread, unix.TCIOFLUSH: fread | fwrite}[queue]
	return control(f, func(fd int) error { return unix.IoctlSetPointerInt(fd, unix.TIOCFLUSH, which) })
}

// The queues that TIOCFLUSH flushes, sys/fcntl.h.
const (
	fread  = 1
	fwrite = 2
)
