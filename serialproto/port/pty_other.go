// SPDX-License-Identifier: Apache-2.0

//go:build !linux && !darwin

package port

import (
	"fmt"
	"runtime"
)

func noPTY(op string, a Addr) error {
	return &OpError{Op: op, Addr: a.String(),
		Err: fmt.Errorf("%w: PTYs are not available on %s; use tcp: or rfc2217://", ErrUnsupported, runtime.GOOS)}
}

func openPTY(a Addr) (Port, error) { return nil, noPTY("opening", a) }

func listenPTY(a Addr) (Listener, error) { return nil, noPTY("listening on", a) }
