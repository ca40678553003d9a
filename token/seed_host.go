// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package token

import (
	"fmt"
	"log/slog"
)

var (
	_ fmt.Formatter  = Seed{}
	_ slog.LogValuer = Seed{}
)

// Format writes "[seed redacted]" for every verb and flag. Without it, %x and %d would
// bypass String.
func (Seed) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte(redacted))
}

// LogValue returns "[seed redacted]".
func (Seed) LogValue() slog.Value { return slog.StringValue(redacted) }
