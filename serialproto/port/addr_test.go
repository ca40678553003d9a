// SPDX-License-Identifier: Apache-2.0

package port

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
)

func TestParseAddr(t *testing.T) {
	for text, want := range map[string]Addr{
		"/dev/ttyACM0": {Path: "/dev/ttyACM0"},
		"COM3":         {Path: "COM3"},
		`\\.\COM12`:    {Path: `\\.\COM12`},
		"./tok":        {Path: "./tok"},
		"/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0": {Path: "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0"},
		"pty:/tmp/x":              {Scheme: PTY, Path: "/tmp/x"},
		"pty:":                    {Scheme: PTY},
		"tcp:127.0.0.1:5000":      {Scheme: TCP, Host: "127.0.0.1", Port: 5000},
		"tcp:[::1]:0":             {Scheme: TCP, Host: "::1"},
		"tcp::5000":               {Scheme: TCP, Port: 5000},
		"unix:/run/tok.sock":      {Scheme: Unix, Path: "/run/tok.sock"},
		"rfc2217://localhost:217": {Scheme: RFC2217, Host: "localhost", Port: 217},
	} {
		got, err := ParseAddr(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
		require.Equal(t, text, got.String())
	}
	got, err := ParseAddr("rfc2217://localhost:217/")
	require.NoError(t, err)
	require.Equal(t, "rfc2217://localhost:217", got.String())
}

func TestParseAddrErrors(t *testing.T) {
	for text, hint := range map[string]string{
		"":                       "empty",
		"udp:127.0.0.1:1":        `unknown scheme "udp"; want a device path such as /dev/ttyACM0 or COM3, pty:PATH, tcp:HOST:PORT`,
		"127.0.0.1:5000":         "unknown scheme",
		"tcp:localhost":          "missing port",
		"tcp:":                   "missing port",
		"tcp:localhost:http":     "not a number",
		"tcp:localhost:65536":    "0 to 65535",
		"tcp:localhost:-1":       "0 to 65535",
		"tcp://localhost:1":      "without slashes",
		"tcp:::1:5":              "too many colons",
		"tcp:a b:5":              "not a host name",
		"unix:":                  "path is missing",
		"rfc2217:localhost:1":    "with slashes",
		"rfc2217://localhost":    "missing port",
		"rfc2217://h:1?timeout=": "nothing else",
		"/dev/tty\x00":           "NUL",
		"unix:/" + longName:      "at most 107",
	} {
		_, err := ParseAddr(text)
		require.ErrorIs(t, err, ErrAddress, text)
		require.ErrorContains(t, err, hint)
	}
}

const longName = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

// The String of a parsed address parses to the same address.
func TestAddrRoundTrip(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`(tcp|pty|unix|rfc2217)?:(//)?[a-z:\[\]/]{0,8}(:[0-9]{1,5})?`)).Draw(t, "text")
		a, err := ParseAddr(text)
		if err != nil {
			require.ErrorIs(t, err, ErrAddress)
			return
		}
		again, err := ParseAddr(a.String())
		require.NoError(t, err)
		require.Equal(t, a, again)
	})
}
