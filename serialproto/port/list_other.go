// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package port

import (
	"fmt"
	"runtime"
)

func list() ([]USBPort, error) {
	return nil, fmt.Errorf("listing USB serial ports: %w on %s; give the path of the port", ErrUnsupported, runtime.GOOS)
}
