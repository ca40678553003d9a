// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package port

import "syscall"

// privateSocket has no equivalent here; listenUnix sets the mode right afterwards.
func privateSocket(syscall.RawConn) error { return nil }
