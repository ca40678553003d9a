// SPDX-License-Identifier: Apache-2.0

//go:build unix

package board

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// socketPair returns two connected sockets: near is ours, and far goes to the child
// process.
func socketPair() (near net.Conn, far *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, err
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
	}
	far = os.NewFile(uintptr(fds[1]), "serial line")
	file := os.NewFile(uintptr(fds[0]), "serial line")
	defer file.Close()
	if near, err = net.FileConn(file); err != nil {
		far.Close()
		return nil, nil, err
	}
	return near, far, nil
}
