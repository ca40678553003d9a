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

// isPTY goes by the name: slaves are /dev/ttys000 and up.
func isPTY(f *os.File) bool { return strings.HasPrefix(f.Name(), "/dev/ttys") }

func readLine(*os.File) (Line, bool) { return Line{}, false }
