// SPDX-License-Identifier: Apache-2.0

package host

import (
	"fmt"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto"
)

var (
	// ErrTimeout is the error of a request that was not answered after all tries.
	ErrTimeout = errclass.New(errclass.Timeout, "no answer from the device")

	// ErrProtocol is the error of an answer that does not follow the protocol.
	ErrProtocol = errclass.New(errclass.Failed, "invalid answer from the device")

	// ErrVerify is the error of a token that shows a code which does not match its
	// seed, or cannot prove that it holds the seed.
	ErrVerify = errclass.New(errclass.Mismatch, "the token does not hold the seed that was sent")
)

// RefusedError is a command that the device refused.
type RefusedError struct {
	Command string // for example "clock"
	Err     error  // a serialproto.Err, or a serialproto.RC of the SMP layer
}

// Error returns "command refused: reason".
func (e *RefusedError) Error() string { return e.Command + " refused: " + e.Err.Error() }

// Unwrap returns the reason, for use with errors.Is.
func (e *RefusedError) Unwrap() error { return e.Err }

// ErrorClass returns Unsupported if the device does not have the command or the
// hardware for it, and Refused otherwise.
func (e *RefusedError) ErrorClass() errclass.Class {
	if class, _ := errclass.Of(e.Err); class == errclass.Unsupported {
		return class
	}
	return errclass.Refused
}

// refusal converts the error part of an answer to an error, or returns nil if there is
// none.
func refusal(command string, a *answer) error {
	switch {
	case a.Err != nil && a.Err.RC == 0:
		return fmt.Errorf("%s: %w: error without a number", command, ErrProtocol)
	case a.Err != nil && (a.Err.Group == serialproto.GroupToken || a.Err.Group == serialproto.GroupRig):
		if a.Err.RC > 255 {
			return fmt.Errorf("%w: error %d", ErrProtocol, a.Err.RC)
		}
		return &RefusedError{command, serialproto.Err(a.Err.RC)}
	case a.Err != nil:
		return &RefusedError{command, fmt.Errorf("error %d of group %d", a.Err.RC, a.Err.Group)}
	case a.RC != 0:
		return &RefusedError{command, a.RC}
	}
	return nil
}
