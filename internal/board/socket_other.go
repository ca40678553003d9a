// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package board

import (
	"fmt"
	"net"
	"os"
	"runtime"
)

func socketPair() (net.Conn, *os.File, error) {
	return nil, nil, fmt.Errorf("%w: a serial line to QEMU on %s", ErrTools, runtime.GOOS)
}
