// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
)

// FuzzAnswer gives a client an arbitrary body as the answer to each of its requests.
// Each call returns a value within its range or an error, and no text that contains
// control characters for a terminal.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		"a0",         // {}
		"f6",         // null
		"a10105",     // {1: 5}
		"a16272630b", // {"rc": 11}
		"a163657272a26567726f75701840627263" + "03", // {"err": {"group": 64, "rc": 3}}
		"a362687748f0b00102030405066573746174650066657870" + "00",
		"a364636f6465663238373038326473746570016" + "46c65667401",
		"a2626d731b000001a000000000637365" + "74f5",
		"a96474657874663238373038326373656746000000000000" + "a0",
		"bf",
	} {
		p, err := hex.DecodeString(body)
		require.NoError(f, err)
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if serialproto.HeaderSize+len(body) > serialproto.MaxMessage {
			t.Skip("too long for a packet")
		}
		c := answering(t, string(body))
		requirePlain := func(s string) {
			for _, b := range []byte(s) {
				require.True(t, b >= ' ' && b <= '~', "%q", s)
			}
		}
		if i, err := c.Info(t.Context()); err == nil {
			requirePlain(i.Model)
			requirePlain(i.Firmware)
			requirePlain(i.Serial.String())
		} else {
			require.Zero(t, i)
		}
		if d, err := c.Display(t.Context()); err == nil {
			requirePlain(d.Code.String())
			require.NotEmpty(t, d.Code)
		}
		if d, err := c.RigDisplay(t.Context()); err == nil {
			requirePlain(d.Text)
			require.Len(t, d.Segments, len(d.Text))
		}
		_, _, _ = c.Clock(t.Context())
		_, _ = c.SelfTest(t.Context())
		_, _ = c.Groups(t.Context())
		_, _ = c.Params(t.Context())
		if err := c.Lock(t.Context()); err == nil {
			require.Equal(t, byte(5), body[0]>>5, "the answer to a successful command is a map")
		}
	})
}

// FuzzStationKey: a valid key is formatted as it was, and an error never contains a
// private key.
func FuzzStationKey(f *testing.F) {
	test := host.InsecureTestStationKey()
	f.Add(test.Expose())
	f.Add(test.Public().String())
	f.Add(" " + test.Expose() + "\r\n")
	f.Add("fob-station-key-1:AAAA")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := host.ParseStationKey(text); err == nil {
			again, err := host.ParseStationKey(k.Expose())
			require.NoError(t, err)
			require.Equal(t, k.Public(), again.Public())
			require.Contains(t, text, k.Expose())
		} else {
			require.ErrorIs(t, err, host.ErrStationKey)
		}
		if k, err := host.ParsePublicKey(text); err == nil {
			require.Contains(t, text, k.String())
		} else {
			require.ErrorIs(t, err, host.ErrStationKey)
		}
	})
}
