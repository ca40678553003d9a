// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package port

import "syscall"

// privateSocket has no equivalent here; the mode is set right after.
func privateSocket(syscall.RawConn) error { return nil }
