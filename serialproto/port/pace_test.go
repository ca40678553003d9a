// SPDX-License-Identifier: Apache-2.0

package port

import (
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPaceTakesItsTime(t *testing.T) {
	a, b := Pipe()
	defer b.Close()
	p := Pace(a, 19200)
	defer p.Close()
	const size = 192 // bytes: 100 ms at ten bits each
	start := time.Now()
	for range 4 { // several Writes share the line
		n, err := p.Write(make([]byte, size/4))
		require.NoError(t, err)
		require.Equal(t, size/4, n)
	}
	// Only the lower bound can be asserted; a busy machine is slower.
	require.GreaterOrEqual(t, time.Since(start), 99*time.Millisecond)
	_, err := io.ReadFull(b, make([]byte, size))
	require.NoError(t, err)
}

func TestPaceStopsEarly(t *testing.T) {
	a, _ := Pipe()
	p := Pace(a, 10) // a byte per second
	require.NoError(t, p.SetWriteDeadline(time.Now().Add(10*time.Millisecond)))
	n, err := p.Write(make([]byte, 1000))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.Less(t, n, 1000)
	require.NoError(t, p.SetWriteDeadline(time.Time{}))
	write := background(func() error { _, err := p.Write(make([]byte, 1000)); return err })
	require.NoError(t, p.Close())
	require.ErrorIs(t, within(t, "Write", write), os.ErrClosed)
	require.NoError(t, p.Close())
}

func TestPaceOff(t *testing.T) {
	a, _ := Pipe()
	require.Equal(t, a, Pace(a, 0))
}

func TestPipeDoesNotBlockEarly(t *testing.T) {
	a, b := Pipe()
	n, err := a.Write(make([]byte, bufferSize))
	require.NoError(t, err)
	require.Equal(t, bufferSize, n)
	_, err = io.ReadFull(b, make([]byte, n))
	require.NoError(t, err)
	exchange(t, a, b)
}
