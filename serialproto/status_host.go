// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package serialproto

import "github.com/d204ef64/fob/internal/errclass"

// ErrorClass returns Unsupported for an unknown command, Usage for a message that does
// not fit the device's buffer (the host detects it before it sends anything), and
// Refused for all others.
func (rc RC) ErrorClass() errclass.Class {
	switch rc {
	case RCUnsupported:
		return errclass.Unsupported
	case RCMessageSize:
		return errclass.Usage
	}
	return errclass.Refused
}

// ErrorClass returns Unsupported if the token's hardware cannot execute the command,
// and Refused for all other reasons.
func (e Err) ErrorClass() errclass.Class {
	if e == ErrUnsupported {
		return errclass.Unsupported
	}
	return errclass.Refused
}
