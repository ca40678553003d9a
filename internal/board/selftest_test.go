// SPDX-License-Identifier: Apache-2.0

//go:build qemu

package board

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
)

// TestSelfTest: on the processor itself each part runs and passes, also in a token
// that is locked, and the crystal can be measured.
func TestSelfTest(t *testing.T) {
	_, c := power(t, Config{Image: image(t, "virt-rig"), Flash: newFlash(t)})
	check := func() {
		test, err := c.SelfTest(t.Context())
		require.NoError(t, err)
		require.True(t, test.Passed())
		for part := range serialproto.PartCount {
			v, ok := test.Verdict(part)
			require.True(t, ok, part)
			require.Equal(t, serialproto.Passed, v, part)
		}
	}
	check()
	require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), hosttest.Order(t, "button-6", nil)))
	require.NoError(t, c.Lock(t.Context()))
	check()
	r, err := c.MeasureCrystal(t.Context(), 10_000, 10*time.Minute)
	require.NoError(t, err)
	require.True(t, r.Within(10_000), r)
}

// TestSelfTestImage: any wrong bit of the program is found, and an image that was
// built without a checksum is not passed.
func TestSelfTestImage(t *testing.T) {
	good := image(t, "virt-rig")
	offset, program, _, err := findImage(good)
	require.NoError(t, err)
	require.NotNil(t, program)
	content, err := os.ReadFile(good)
	require.NoError(t, err)
	start := offset - int64(len(program))

	verdict := func(change func(content []byte)) serialproto.Verdict {
		bad := append([]byte(nil), content...)
		change(bad)
		path := filepath.Join(t.TempDir(), "image.elf")
		require.NoError(t, os.WriteFile(path, bad, 0o600))
		_, c := power(t, Config{Image: path, Flash: newFlash(t)})
		test, err := c.SelfTest(t.Context())
		require.NoError(t, err)
		v, ok := test.Verdict(serialproto.PartImage)
		require.True(t, ok)
		require.Equal(t, v != serialproto.Failed, test.Passed())
		return v
	}
	require.Equal(t, serialproto.NotApplicable, verdict(func(b []byte) { copy(b[offset:], "\xff\xff\xff\xff") }))
	require.Equal(t, serialproto.Failed, verdict(func(b []byte) { b[offset] ^= 1 }), "the checksum itself")
	// A text of the program that is not used before the test.
	text := []byte("the flash reports a failure")
	at := bytes.Index(content[start:offset], text)
	require.GreaterOrEqual(t, at, 0)
	require.Equal(t, serialproto.Failed, verdict(func(b []byte) { b[start+int64(at)] ^= 0x80 }))
}
