// SPDX-License-Identifier: Apache-2.0

package line

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto/host"
)

func TestParseEnrolment(t *testing.T) {
	key := strings.Repeat("0a", 32)
	list, err := ParseEnrolment(strings.NewReader("# devices\r\n\r\n 0102030405060708\t" + key + "\n1112131415161718," + strings.ToUpper(strings.Repeat("0b", 32)) + "\n"))
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, byte(10), list[host.HardwareID{1, 2, 3, 4, 5, 6, 7, 8}][31])
	for text, want := range map[string]string{
		"":                          "it has no device",
		"0102030405060708":          "line 1: want a hardware id and a key, and there are 1 fields",
		"\n01020304050607 " + key:   "line 2: invalid hardware id: want 16 hexadecimal digits",
		"010203040506070g " + key:   "line 1: invalid hardware id: want hexadecimal digits",
		"0102030405060708 " + "0a0": "line 1: the key is not 64 hexadecimal digits",
		"0102030405060708 " + strings.Repeat("zz", 32):                               "line 1: the key is not 64 hexadecimal digits",
		"0102030405060708 " + key + "\n0102030405060708 " + strings.Repeat("0b", 32): "line 2: device 0102030405060708 stands in line 1 already",
		"0102030405060708 " + key + "\n0102030405060709 " + key:                      "line 2: the key of device 0102030405060709 stands in line 1 already",
		strings.Repeat("x", 1<<20):                                                   "token too long",
	} {
		_, err := ParseEnrolment(strings.NewReader(text))
		require.ErrorIs(t, err, ErrEnrolment)
		require.ErrorContains(t, err, want)
	}
}

func FuzzParseEnrolment(f *testing.F) {
	f.Add("0102030405060708 " + strings.Repeat("0a", 32))
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseEnrolment(strings.NewReader(text))
		require.Equal(t, err == nil, len(list) > 0)
	})
}
