// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package serialproto

import "github.com/d204ef64/fob/internal/errclass"

// ErrorClass returns Refused, or Unsupported for a command that the device does
// not know. A message that does not fit the device's buffer is a matter of Usage:
// the host notices before it sends anything.
func (rc RC) ErrorClass() errclass.Class {
	switch rc {
	case RCUnsupported:
		return errclass.Unsupported
	case RCMessageSize:
		return errclass.Usage
	}
	return errclass.Refused
}

// ErrorClass returns Refused, or Unsupported for what the token's hardware cannot
// do.
func (e Err) ErrorClass() errclass.Class {
	if e == ErrUnsupported {
		return errclass.Unsupported
	}
	return errclass.Refused
}
