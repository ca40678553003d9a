// SPDX-License-Identifier: Apache-2.0

package webapi_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/webapi"
)

// TestStreamNotAllowed: a stream ends when its client may not have more, also if nothing
// happens.
func TestStreamNotAllowed(t *testing.T) {
	asked := 0
	s := webapi.Stream{
		Next: func(out []byte) ([]byte, bool) { return out, false }, Changed: func() <-chan struct{} { return nil },
		Ended: func(context.Context) bool { return false }, Every: time.Millisecond, Beat: "beat\n",
		Allowed: func() bool { asked++; return asked <= 3 }, // the headers and two beats
	}
	var got bytes.Buffer
	s.Send(t.Context(), &got)
	require.Equal(t, "beat\nbeat\n", got.String())
}
