// SPDX-License-Identifier: Apache-2.0

//go:build qemu

package board

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
)

// cost is the cost of a request on a device.
type cost struct {
	name            string
	instructions    int64
	erased, written int // pages and slots of the flash
}

// costs runs the firmware on a Cortex-M on which QEMU counts the instructions. The
// program is compiled for a Cortex-M0+, which has no 64-bit product. It is the slowest
// kind of processor that the token is designed for.
func costs(t testing.TB) (all []cost) {
	t.Helper()
	out := runCortex(t, image(t, "cortex-m0-cost"))
	lines := strings.Split(out, "\n")
	require.Equal(t, "end", strings.TrimSpace(lines[len(lines)-1]), "%s", out)
	for _, line := range lines[:len(lines)-1] {
		var c cost
		_, err := fmt.Sscanf(line, "%s %d %d %d", &c.name, &c.instructions, &c.erased, &c.written)
		require.NoError(t, err, "%s", out)
		all = append(all, c)
	}
	return all
}

// runCortex runs an image with instruction counting, and returns its output.
func runCortex(t testing.TB, path string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "qemu-system-arm", "-machine", "lm3s6965evb", "-semihosting",
		"-display", "none", "-monitor", "none", "-serial", "stdio", "-icount", "shift=0,sleep=off",
		"-kernel", path).Output()
	require.NoError(t, err, "%s", out)
	return strings.TrimSpace(string(out))
}

// The slow device of PROTOCOL.md, section 10.1. According to the Cortex-M0+ Technical
// Reference Manual (ARM DDI 0484, table 3-1), the common instructions take at most two
// cycles on average: one for arithmetic, two for a load, a store or a jump. The times
// of the flash are the maxima for a sector and a page in the data sheet of Winbond's
// W25Q16JV (9.6).
const (
	hertz       = 12_000_000
	cycles      = 2 // per instruction
	eraseTime   = 400 * time.Millisecond
	programTime = 3 * time.Millisecond
)

// takes returns the time that the slow device needs.
func (c cost) takes() time.Duration {
	return time.Duration(c.instructions)*cycles*time.Second/hertz +
		time.Duration(c.erased)*eraseTime + time.Duration(c.written)*programTime
}

// TestAnswerTime checks that the slow device responds within the time that PROTOCOL.md
// allows and that the host waits.
func TestAnswerTime(t *testing.T) {
	const os, enum, tok = serialproto.GroupOS, serialproto.GroupEnum, serialproto.GroupToken
	const read, write = serialproto.OpRead, serialproto.OpWrite
	limits := map[string]time.Duration{
		"boot":              3 * time.Second, // in addition to the time of a response
		"reset":             3 * time.Second,
		"echo":              host.AnswerTime(os, write, serialproto.CmdOSEcho),
		"parameters":        host.AnswerTime(os, read, serialproto.CmdOSParams),
		"datetime":          host.AnswerTime(os, read, serialproto.CmdOSDatetime),
		"groups":            host.AnswerTime(enum, read, serialproto.CmdEnumDetails),
		"info":              host.AnswerTime(tok, read, serialproto.CmdTokenInfo),
		"clock":             host.AnswerTime(tok, read, serialproto.CmdTokenClock),
		"set-clock":         host.AnswerTime(tok, write, serialproto.CmdTokenClock),
		"display":           host.AnswerTime(tok, read, serialproto.CmdTokenDisplay),
		"uptime":            host.AnswerTime(tok, read, serialproto.CmdTokenSelfTest),
		"prov-begin":        host.AnswerTime(tok, read, serialproto.CmdTokenProvBegin),
		"prov-commit":       host.AnswerTime(tok, write, serialproto.CmdTokenProvCommit),
		"prov-commit-again": host.AnswerTime(tok, write, serialproto.CmdTokenProvCommit),
		"lock":              host.AnswerTime(tok, write, serialproto.CmdTokenLock),
		"self-test":         host.AnswerTime(tok, write, serialproto.CmdTokenSelfTest),
		"wipe":              host.AnswerTime(tok, write, serialproto.CmdTokenWipe),
	}
	found := costs(t)
	require.Len(t, found, len(limits))
	for _, c := range found {
		limit, ok := limits[c.name]
		require.True(t, ok, c.name)
		delete(limits, c.name)
		// A packet of 512 bytes takes 61 ms each way at 115,200 baud. A board may also
		// erase a page of its own, for its clock or because the page in use is full.
		const around = 2*61*time.Millisecond + eraseTime
		t.Logf("%-18s %9d instructions, %d erased, %d written: %4d ms of %d",
			c.name, c.instructions, c.erased, c.written, c.takes().Milliseconds(), limit.Milliseconds())
		require.LessOrEqual(t, c.takes()+around, limit, c.name)
	}
}

// BenchmarkAnswer reports the figures that TestAnswerTime checks.
func BenchmarkAnswer(b *testing.B) {
	for _, c := range costs(b) {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				_ = c
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(c.instructions), "instructions")
			b.ReportMetric(float64(c.takes().Milliseconds()), "ms-at-12-MHz")
		})
	}
}
