// SPDX-License-Identifier: Apache-2.0

package port

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// privateSocket makes the socket file appear with mode 0600: Linux creates it
// with the mode that the unbound socket has.
func privateSocket(c syscall.RawConn) error {
	var err error
	if cerr := c.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), 0o600) }); cerr != nil {
		return cerr
	}
	return err
}
