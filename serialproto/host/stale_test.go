// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/serialproto/port"
)

// TestStaleAnswers: an earlier host has requested the clock with every sequence number
// and left. The next host gets the answer to its own request.
func TestStaleAnswers(t *testing.T) {
	far, near := port.Pipe()
	defer near.Close()
	stale := func() (lines []byte) {
		for seq := range 256 {
			h := serialproto.Header{
				Version: serialproto.Version2, Op: serialproto.OpRead, Group: serialproto.GroupToken,
				Seq: uint8(seq), Command: serialproto.CmdTokenClock,
			}
			lines = append(lines, hosttest.Frame(h.Response(), []byte("\xA2\x62ms\x01\x63set\xF5"))...)
			h.Group, h.Command, h.Op = serialproto.GroupOS, serialproto.CmdOSEcho, serialproto.OpWrite
			lines = append(lines, hosttest.Frame(h.Response(), []byte("\xA1\x61r\x68ABCDEFGH"))...)
		}
		return lines
	}
	first := true
	go answerRequests(far, func(h serialproto.Header, body []byte) (lines []byte) {
		if first { // the bytes in transit arrive before the first answer
			lines = stale()
		}
		first = false
		if h.Group == serialproto.GroupOS {
			return append(lines, echo(h, body)...)
		}
		return append(lines, hosttest.Frame(h.Response(), []byte("\xA2\x62ms\x19\x03\xE8\x63set\xF5"))...) // 1000 ms
	})
	clock, _, err := host.New(near, host.WithTimeout(patience)).Clock(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(1000), clock.UnixMilli())
}

// TestBothDirectionsFull: there is no deadlock with a device that reads nothing until
// its answers are read.
func TestBothDirectionsFull(t *testing.T) {
	full := make([]byte, 64<<10) // the capacity of a Pipe
	far, near := port.Pipe()
	defer near.Close()
	_, err := far.Write(full)
	require.NoError(t, err)
	_, err = near.Write(full)
	require.NoError(t, err)
	go func() {
		_, _ = far.Write([]byte("one more answer")) // waits until the host reads
		answerRequests(far, echo)
	}()
	text, err := host.New(near, host.WithTimeout(patience)).Echo(t.Context(), "hello")
	require.NoError(t, err)
	require.Equal(t, "hello", text)
}
