// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/token"
)

// TestLateAnswer: the answers to two tries arrive together. The second must not be
// taken for the answer to the next request.
func TestLateAnswer(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		tries := 0
		var first []byte
		c := device(t, func(h serialproto.Header, _ []byte) []byte {
			tries++
			switch tries {
			case 1:
				first = echoed(h) // arrives too late
				return nil
			case 2:
				return append(first, echoed(h)...)
			}
			return hosttest.Frame(h.Response(), []byte{0xA1, 0x61, 'r', 0x61, 'y'})
		}, host.WithTimeout(shortWait), host.WithRetries(100))
		text, err := c.Echo(t.Context(), "x")
		require.NoError(t, err)
		require.Equal(t, "x", text)
		text, err = c.Echo(t.Context(), "y")
		require.NoError(t, err)
		require.Equal(t, "y", text)
	})
}

// TestStrayAnswers: only the answer to the current request counts.
func TestStrayAnswers(t *testing.T) {
	c := device(t, func(h serialproto.Header, _ []byte) (out []byte) {
		for _, change := range []func(*serialproto.Header){
			func(h *serialproto.Header) { h.Seq++ },
			func(h *serialproto.Header) { h.Command++ },
			func(h *serialproto.Header) { h.Group++ },
			func(h *serialproto.Header) { h.Op = serialproto.OpRead },
			func(h *serialproto.Header) { h.Op = serialproto.OpReadResponse }, // a line that echoes
		} {
			wrong := h
			change(&wrong)
			out = append(out, hosttest.Frame(wrong.Response(), []byte{0xA1, 0x61, 'r', 0x61, 'z'})...)
		}
		damaged := echoed(h)
		damaged[10] ^= 1
		out = append(out, "boot: fob 0.1.0\r\n"...)
		out = append(out, damaged...)
		out = append(out, damaged[:7]...)
		return append(out, echoed(h)...)
	})
	text, err := c.Echo(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, "x", text)
}

// TestInvalidAnswers: an answer that is well framed but has an invalid body is an error,
// also if it could be mistaken for success, or could send control characters to a
// terminal.
func TestInvalidAnswers(t *testing.T) {
	calls := map[string]func(c *host.Client) error{
		"info":        func(c *host.Client) error { _, err := c.Info(t.Context()); return err },
		"clock":       func(c *host.Client) error { _, _, err := c.Clock(t.Context()); return err },
		"display":     func(c *host.Client) error { _, err := c.Display(t.Context()); return err },
		"rig display": func(c *host.Client) error { _, err := c.RigDisplay(t.Context()); return err },
	}
	bodies := map[string]string{
		"empty":                        "",
		"not CBOR":                     "\xff\xff",
		"array":                        "\x80",
		"null":                         "\xf6",
		"number":                       "\x05",
		"cut off":                      "\xa1\x61",
		"bytes after the map":          "\xa0\xa0",
		"empty map":                    "\xa0",
		"repeated key":                 "\xa2\x62rc\x00\x62rc\x00",
		"nested too deeply":            strings.Repeat("\x81", 20) + "\x00",
		"map longer than the answer":   "\xbb\x00\x00\x00\xff\xff\xff\xff\xff",
		"wrong type":                   "\xa5\x62hw\x01\x62ms\x61x\x64code\x01\x64text\x01\x65state\x61x",
		"not UTF-8":                    "\xa1\x64code\x61\xff",
		"refusal of 1000":              "\xa1\x63err\xa2\x65group\x18\x40\x62rc\x19\x03\xe8",
		"short hardware id":            "\xa2\x62hw\x41\x00\x65state\x00",
		"no state":                     "\xa1\x62hw\x48abcdefgh",
		"bad serial":                   "\xa3\x62hw\x48abcdefgh\x65state\x01\x62sn\x61_",
		"bad expiry":                   "\xa3\x62hw\x48abcdefgh\x65state\x01\x63exp\x20",
		"fewer segments than text":     "\xa2\x64text\x62ab\x63seg\x41a",
		"error without number":         "\xa1cerr\xa2egroup\x18\x40brc\x00",
		"code with an escape sequence": "\xa3dcode\x64\x1b[2Jdstep\x01dleft\x01",
		"key in capitals":              "\xa3dCODE\x61\x31dstep\x01dleft\x01",
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			c := answering(t, body)
			for name, call := range calls {
				require.ErrorIs(t, call(c), host.ErrProtocol, name)
			}
			if name == "null" || name == "error without number" {
				require.ErrorIs(t, c.Lock(t.Context()), host.ErrProtocol)
			}
			require.Zero(t, c.Stats().Repeats)
		})
	}
}

// TestRefusals: errors.Is finds the reason, whichever layer refused the command.
func TestRefusals(t *testing.T) {
	for body, want := range map[string]error{
		"\xa1\x62rc\x08": serialproto.RCUnsupported,
		"\xa1\x63err\xa2\x65group\x18\x40\x62rc\x03":     serialproto.ErrLocked,
		"\xa1\x63err\xa2\x65group\x18\x41\x62rc\x0e":     serialproto.ErrUnsupported,
		"\xa1\x63err\xa2\x65group\x18\x40\x62rc\x18\xc8": serialproto.Err(200), // of a newer token
	} {
		err := answering(t, body).Lock(t.Context())
		require.ErrorIs(t, err, want)
		var refused *host.RefusedError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, "lock", refused.Command)
		require.NotErrorIs(t, err, host.ErrProtocol)
	}
	err := answering(t, "\xa1\x63err\xa2\x65group\x00\x62rc\x04").Lock(t.Context())
	require.EqualError(t, err, "lock refused: error 4 of group 0")
}

// TestAnswersOutOfRange: text for a terminal is printable, and the remaining time of a
// step is not longer than a step can be.
func TestAnswersOutOfRange(t *testing.T) {
	info := map[string]any{"hw": make([]byte, 8), "state": 0, "model": "button-6", "fw": "0.1.0"}
	_, err := answering(t, info).Info(t.Context())
	require.NoError(t, err)
	for _, key := range []string{"model", "fw"} {
		bad := maps.Clone(info)
		bad[key] = "\x1b]0;title\a"
		_, err = answering(t, bad).Info(t.Context())
		require.ErrorIs(t, err, host.ErrProtocol, key)
	}
	for _, left := range []int64{-1, 1 << 62} {
		_, err = answering(t, map[string]any{"code": "287082", "step": 1, "left": left}).Display(t.Context())
		require.ErrorIs(t, err, host.ErrProtocol, left)
		_, err = answering(t, map[string]any{"text": "287082", "seg": make([]byte, 6), "left": left}).RigDisplay(t.Context())
		require.ErrorIs(t, err, host.ErrProtocol, left)
	}
}

// TestDisplayBeforeT0: a token whose clock was set to a time before its T0 has no code,
// and the error explains that.
func TestDisplayBeforeT0(t *testing.T) {
	w := newWorld(t)
	c := attach(t, newToken(t, w, "button-6"))
	o := newOrder(t, w, "button-6")
	o.Profile.T0 = token.Epoch2000
	require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), o))
	require.NoError(t, c.SetClock(t.Context(), time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)))
	_, err := c.Display(t.Context())
	require.ErrorContains(t, err, "the token's clock is before its T0")
}
