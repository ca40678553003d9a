// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package serialproto

import (
	"io"
	"time"
)

// Port is a byte stream between a host and one token. Package port opens and serves
// them.
type Port interface {
	io.ReadWriteCloser
	// SetReadDeadline makes current and future Reads fail with [os.ErrDeadlineExceeded]
	// at t. The zero Time means never.
	SetReadDeadline(t time.Time) error
	// SetWriteDeadline does the same for Writes. A Write that times out returns the
	// number of bytes that it has accepted.
	SetWriteDeadline(t time.Time) error
}
