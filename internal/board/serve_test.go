// SPDX-License-Identifier: Apache-2.0

package board

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/port"
)

// TestServeLineEnds checks that Serve ends when the line fails, even if QEMU runs on. A
// deadline that an earlier user left on the line is not a failure.
func TestServeLineEnds(t *testing.T) {
	near, far := net.Pipe()
	require.NoError(t, near.SetDeadline(time.Unix(1, 0)))
	m := &Machine{line: near, done: make(chan struct{})}
	l, err := port.Listen("tcp:127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- m.Serve(t.Context(), l) }()

	p, err := port.Open(t.Context(), l.Addr())
	require.NoError(t, err)
	defer p.Close()
	_, err = p.Write([]byte("to"))
	require.NoError(t, err)
	got := make([]byte, 2)
	_, err = io.ReadFull(far, got)
	require.NoError(t, err)
	require.Equal(t, "to", string(got))
	_, err = far.Write([]byte("fro"))
	require.NoError(t, err)
	got = make([]byte, 3)
	_, err = io.ReadFull(p, got)
	require.NoError(t, err)
	require.Equal(t, "fro", string(got))

	require.NoError(t, far.Close())
	require.ErrorIs(t, <-served, ErrLine)
}
