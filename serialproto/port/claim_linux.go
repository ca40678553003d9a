// SPDX-License-Identifier: Apache-2.0

package port

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// claim tells other processes that a link has a living owner. It is a bound
// socket in the abstract name space: the kernel drops it with its process, and
// it leaves no file behind. A terminal number could not tell, the next process
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
