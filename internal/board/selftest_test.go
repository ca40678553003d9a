// SPDX-License-Identifier: Apache-2.0

//go:build qemu

package board

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
)

// TestSelfTest checks that every part of the self-test runs and passes on the emulated
// processor, also on a locked token, and that the crystal can be measured.
func TestSelfTest(t *testing.T) {
	_, c := startMachine(t, Config{Image: image(t, "virt-rig"), Flash: newFlash(t)})
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

// TestSelfTestImage checks that the self-test detects a wrong bit of the program, and
// that an image built without a checksum does not pass.
func TestSelfTestImage(t *testing.T) {
	good := image(t, "virt-rig")
	program, err := readProgram(good)
	require.NoError(t, err)
	require.NotNil(t, program)
	offset := program.offset
	content, err := os.ReadFile(good)
	require.NoError(t, err)
	start := offset - int64(len(program.bytes))

	verdict := func(change func(content []byte)) serialproto.Verdict {
		bad := append([]byte(nil), content...)
		change(bad)
		path := filepath.Join(t.TempDir(), "image.elf")
		require.NoError(t, os.WriteFile(path, bad, 0o600))
		_, c := startMachine(t, Config{Image: path, Flash: newFlash(t)})
		test, err := c.SelfTest(t.Context())
		require.NoError(t, err)
		v, ok := test.Verdict(serialproto.PartImage)
		require.True(t, ok)
		require.Equal(t, v != serialproto.Failed, test.Passed())
		return v
	}
	require.Equal(t, serialproto.NotApplicable, verdict(func(b []byte) { copy(b[offset:], "\xff\xff\xff\xff") }))
	require.Equal(t, serialproto.Failed, verdict(func(b []byte) { b[offset] ^= 1 }), "the checksum itself")
	// A string of the program that is not used before the test.
	text := []byte("the flash reports a failure")
	at := bytes.Index(content[start:offset], text)
	require.GreaterOrEqual(t, at, 0)
	require.Equal(t, serialproto.Failed, verdict(func(b []byte) { b[start+int64(at)] ^= 0x80 }))
}

// TestPicoImage checks that the flash contents of a Pico, extracted from the image with
// GNU objcopy, end with the CRC-32 of all preceding bytes, and that the UF2 file has
// the same contents. The image is built with stubs and cannot run on a Pico.
func TestPicoImage(t *testing.T) {
	path := image(t, "pico-check")
	binaryPath := filepath.Join(t.TempDir(), "fob.bin")
	out, err := exec.Command("arm-none-eabi-objcopy", "-O", "binary", path, binaryPath).CombinedOutput()
	require.NoError(t, err, "%s", out)
	flash, err := os.ReadFile(binaryPath)
	require.NoError(t, err)
	require.Greater(t, len(flash), 100_000)
	n := len(flash) - 4
	require.Equal(t, crc32.ChecksumIEEE(flash[:n]), binary.LittleEndian.Uint32(flash[n:]))

	file, err := encodeUF2(path)
	require.NoError(t, err)
	var brought []byte
	for ; len(file) > 0; file = file[512:] {
		require.EqualValues(t, 0x10000000+len(brought), binary.LittleEndian.Uint32(file[12:]))
		brought = append(brought, file[32:][:256]...)
	}
	require.Equal(t, flash, brought[:len(flash)])
}

// TestCortexImage checks that the checksum also works on a Cortex-M, whose image has
// the layout of a Pico's. TestAnswerTime runs the intact image. Here a wrong bit in the
// initial value of a variable must be detected.
func TestCortexImage(t *testing.T) {
	content, err := os.ReadFile(image(t, "cortex-m0-cost"))
	require.NoError(t, err)
	program, err := readProgram(image(t, "cortex-m0-cost"))
	require.NoError(t, err)
	last := program.bytes[len(program.bytes)-64:]
	at := bytes.Index(content, last)
	require.GreaterOrEqual(t, at, 0)
	content[at] ^= 1
	path := filepath.Join(t.TempDir(), "image.elf")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	require.Equal(t, "the checksum of the image is wrong", runCortex(t, path))
}
