// SPDX-License-Identifier: Apache-2.0

package port

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// claim shows other processes that a link has a living owner. It is a socket bound in
// the abstract name space: the kernel removes it when its process ends, and there is no
// file to clean up. The number of the terminal would not do, because the next process
// may get the same one.
type claim struct{ fd int }

func claimName(path string) (claim, error) {
	sum := sha256.Sum256([]byte(path))
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return claim{}, fmt.Errorf("claiming the link: %w", err)
	}
	err = unix.Bind(fd, &unix.SockaddrUnix{Name: "@fob-pty-" + hex.EncodeToString(sum[:])})
	if err != nil {
		unix.Close(fd)
		if errors.Is(err, unix.EADDRINUSE) {
			return claim{}, ErrBusy
		}
		return claim{}, fmt.Errorf("claiming the link: %w", err)
	}
	return claim{fd}, nil
}

func (c claim) release() { unix.Close(c.fd) }
