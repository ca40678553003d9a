// SPDX-License-Identifier: Apache-2.0

//go:build !linux && !darwin

package port

import (
	"fmt"
	"runtime"
)

func unavailable(op string, a Addr, what string) error {
	return &OpError{Op: op, Addr: a.String(),
		Err: fmt.Errorf("%w: %s not available on %s; use tcp: or rfc2217://", ErrUnsupported, what, runtime.GOOS)}
}

func openPTY(a Addr) (Port, error) { return nil, unavailable("opening", a, "PTYs are") }

func listenPTY(a Addr) (Listener, error) { return nil, unavailable("listening on", a, "PTYs are") }

func listenDevice(a Addr) (Listener, error) {
	return nil, unavailable("listening on", a, "tokens on serial devices are")
}
