// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package virtual

import (
	"context"
	"time"
)

// pauser waits for the bytes of a paced line.
type pauser struct{}

// wait waits, or returns the error of ctx.
func (*pauser) wait(ctx context.Context, d time.Duration) error { return sleep(ctx, d) }

// close does nothing.
func (*pauser) close() {}
