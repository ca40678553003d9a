// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
)

func runPython(t *testing.T, script string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, tooltest.Python(t, "serial"), append([]string{"-W", "error::SyntaxWarning", "-c", script}, args...)...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "ok", strings.TrimSpace(lastLine(string(out))))
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// serveEcho echoes the bytes of one host after the other.
func serveEcho(l Listener) {
	for {
		p, err := l.Accept(context.Background())
		if err != nil {
			return
		}
		_, _ = io.Copy(p, p) // until the host has left
		p.Close()
	}
}

const roundTrip = `
import serial, sys
s = serial.serial_for_url(sys.argv[1], baudrate=115200, timeout=20)
data = bytes(range(256)) * 4 + b"\xff" * 300 + b"\r\n\x00\xff"
s.write(data)
got = s.read(len(data))
assert got == data, (len(got), got[:20])
s.close()
print("ok")
`

func TestPyserialRoundTrip(t *testing.T) {
	addrs := []string{"rfc2217://127.0.0.1:0"}
	if runtime.GOOS == "linux" {
		addrs = append(addrs, "pty:"+t.TempDir()+"/tok")
	}
	for _, addr := range addrs {
		t.Run(addr[:3], func(t *testing.T) {
			tooltest.CheckLeaks(t, "serialproto/port.")
			l := listen(t, addr)
			done := background(func() error { serveEcho(l); return nil })
			runPython(t, roundTrip, strings.TrimPrefix(l.Addr(), "pty:"))
			runPython(t, roundTrip, strings.TrimPrefix(l.Addr(), "pty:")) // a second host
			require.NoError(t, l.Close())
			require.NoError(t, within(t, "server", done))
		})
	}
}

const settings = `
import serial, sys
s = serial.serial_for_url(sys.argv[1], baudrate=115200, timeout=20)
s.baudrate = 9600
s.bytesize, s.parity, s.stopbits = 7, "E", 2
s.dtr = False
s.reset_input_buffer()
s.reset_output_buffer()
assert s.cts and s.dsr and s.cd and not s.ri
s.write(b"ready")
assert s.read(4) == b"done"
print("ok")
`

func TestPyserialSetsTheLine(t *testing.T) {
	tooltest.CheckLeaks(t, "serialproto/port.")
	l := listen(t, "rfc2217://127.0.0.1:0")
	lines := make(chan Line, 1)
	served := background(func() error {
		p, err := l.Accept(context.Background())
		if err != nil {
			return err
		}
		defer p.Close()
		if _, err := io.ReadFull(p, make([]byte, 5)); err != nil {
			return err
		}
		line, _ := LineOf(p)
		lines <- line
		if _, err := p.Write([]byte("done")); err != nil {
			return err
		}
		_, _ = p.Read(make([]byte, 1)) // until the host has left
		return nil
	})
	runPython(t, settings, l.Addr())
	require.Equal(t, Line{Baud: 9600, DataBits: 7, Parity: ParityEven, StopBits: 2, RTS: true}, within(t, "settings", lines))
	require.NoError(t, within(t, "server", served))
}

const exclusiveOpen = `
import serial, sys
try:
    serial.Serial(sys.argv[1], exclusive=True).close()
    result = "free"
except serial.SerialException as e:
    result = "busy" if "exclusively lock" in str(e) else str(e)
assert result == sys.argv[2], result
print("ok")
`

// pyserial takes the same lock as we do.
func TestPyserialLock(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs a PTY")
	}
	l := listen(t, "pty:"+t.TempDir()+"/tok")
	for _, addr := range []string{l.Addr(), strings.TrimPrefix(l.Addr(), "pty:")} {
		host := open(t, addr)
		runPython(t, exclusiveOpen, strings.TrimPrefix(addr, "pty:"), "busy")
		require.NoError(t, host.Close())
		runPython(t, exclusiveOpen, strings.TrimPrefix(addr, "pty:"), "free")
	}
}

const passwordScript = `
import serial, sys
s = serial.serial_for_url(sys.argv[1], timeout=20)
s.write(b"token s3cret\nping")
assert s.read(4) == b"ping"
print("ok")
`

func TestPyserialPassword(t *testing.T) {
	l := listen(t, "rfc2217://127.0.0.1:0", WithPassword("s3cret"))
	done := background(func() error { serveEcho(l); return nil })
	runPython(t, passwordScript, l.Addr())
	require.NoError(t, l.Close())
	require.NoError(t, within(t, "server", done))
}
