// SPDX-License-Identifier: Apache-2.0

package hosttest

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
)

// Frame returns a message as it is sent in SMP over console. It sets the header's
// length.
func Frame(h serialproto.Header, body []byte) []byte {
	h.Length = uint16(len(body))
	var f serialproto.Framer
	f.Seal(len(append(h.Append(f.Message()), body...)))
	return f.AppendLines(nil)
}

// Messages returns the messages, header and body, in a stream of SMP over console.
func Messages(raw []byte) (messages [][]byte) {
	var in serialproto.Deframer
	for _, b := range raw {
		if m := in.Feed(b, 0); m != nil {
			messages = append(messages, bytes.Clone(m))
		}
	}
	return messages
}

// BodyOf returns the body of the only message in raw.
func BodyOf(t testing.TB, raw []byte) []byte {
	t.Helper()
	messages := Messages(raw)
	require.Len(t, messages, 1)
	return messages[0][serialproto.HeaderSize:]
}
