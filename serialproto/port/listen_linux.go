// SPDX-License-Identifier: Apache-2.0

package port

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// privateSocket gives the socket file mode 0600 from the start: Linux creates it with
// the mode of the unbound socket.
func privateSocket(c syscall.RawConn) error {
	var err error
	if cerr := c.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), 0o600) }); cerr != nil {
		return cerr
	}
	return err
}
