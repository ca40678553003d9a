// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import (
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// wallFleet is a fleet with an HTTP API for a wall.
type wallFleet struct {
	*fleet.Fleet
	server *httptest.Server
	args   []string // of fob
}

func newWallFleet(t *testing.T, lots ...fleet.Lot) *wallFleet {
	const key = "key-of-the-test"
	world, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(world, fleet.Config{})
	require.NoError(t, err)
	for _, l := range lots {
		_, err := f.MakeLot(l)
		require.NoError(t, err)
	}
	server := httptest.NewServer(control.New(f, control.Options{Key: key}))
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, f.Close())
	})
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte(key), 0o600))
	return &wallFleet{f, server, []string{"fleet", "wall", "--url", server.URL, "--api-key-file", file}}
}

// start starts a wall, and waits for its first screen.
func (f *wallFleet) start(t *testing.T, size pty.Winsize, env string) *terminalRun {
	r := startOnTerminal(t, size, env, f.args...)
	r.readUntil(1, "\x1b[J")
	return r
}

var wide = pty.Winsize{Rows: 24, Cols: 80}

// TestWall checks that the wall shows each change of a token, whether it comes from the
// wall's keys or from another client.
func TestWall(t *testing.T) {
	t.Parallel()
	f := newWallFleet(t,
		fleet.Lot{Count: 2, Ready: true, Crystal: fleet.CrystalPerfect},
		fleet.Lot{Count: 1, Ready: true, Crystal: fleet.CrystalPerfect, Profile: "button-6"})
	r := f.start(t, wide, "NO_COLOR=")
	first := ansi.ReplaceAllString(r.output.String(), "")
	require.Contains(t, first, " TEST CLOCK 2026-01-01 00:00:00 UTC  manual")
	require.Contains(t, first, "3 tokens")
	require.Contains(t, first, "╔═ ZZFB00000001 ") // selected
	require.Contains(t, first, "┌─ ZZFB00000003 ")
	require.Equal(t, 3, strings.Count(first, "LOCKED"))
	require.Contains(t, r.output.String(), "\x1b[32m LOCKED")

	r.press("+")
	r.readUntil(1, "clock +1m00s")
	r.press("--")
	r.readUntil(1, "clock -1m00s")
	r.press("d")
	r.readUntil(1, "2026-01-02 00:00:00")
	r.press("h")
	r.readUntil(1, "2026-01-02 01:00:00")
	r.press("s")
	r.readUntil(1, "2026-01-02 01:01:00")
	r.press(" ")
	r.readUntil(1, "PAUSED")
	r.press("y")
	r.readUntil(1, "a year older: ZZFB00000001")

	// Another client presses the button of the third token, which shows a code then.
	r.press("\t")
	r.readUntil(1, "ZZFB00000003     [      ]")
	m, err := f.Find("ZZFB00000003")
	require.NoError(t, err)
	r.output.Reset()
	_, err = m.Do((*virtual.Token).Press)
	require.NoError(t, err)
	code := m.Look().Text
	require.Regexp(t, `^\d{6}$`, code)
	r.readUntil(1, "ZZFB00000003     ["+code+"]")
	r.press("\x1b[B\x1b[Bp")
	r.readUntil(1, "pressed ZZFB00000003")
	presses := 0
	for _, e := range f.Log().After(nil, 0, 10_000) {
		if e.Kind == virtual.EventPress && e.Tag == m.Tag() {
			presses++
		}
	}
	require.Equal(t, 2, presses)

	require.NoError(t, f.Remove(m))
	r.readUntil(1, "2 tokens")
	r.press("?")
	r.readUntil(1, "turn the page")
	r.press("xq")
	require.NoError(t, r.end())
	require.True(t, strings.HasSuffix(r.output.String(), terminalOff), "%q", r.output.String())
}

// TestWallPages: the pages of a large fleet, and the search for a serial number.
func TestWallPages(t *testing.T) {
	t.Parallel()
	f := newWallFleet(t, fleet.Lot{Count: 100, Ready: true})
	r := f.start(t, wide, "NO_COLOR=1") // eight faces on a page
	r.press("\x1b[6~")
	r.readUntil(1, "╔═ ZZFB00000009 ")
	r.press("\x1b[5~")
	r.readUntil(1, "╔═ ZZFB00000008 ")
	r.press("\x1b[D")
	r.readUntil(1, "╔═ ZZFB00000007 ")
	r.press("\x1b[C\x1b[C")
	r.readUntil(1, "╔═ ZZFB00000009 ")
	r.press("/zzfb00000050")
	r.readUntil(1, "find serial number: zzfb00000050")
	r.press("\r")
	r.readUntil(1, "╔═ ZZFB00000050 ") // 50 in hexadecimal digits is 80
	r.press("/zzfbx\x7f\x7f1\x1b")
	r.readUntil(1, "? q")
	r.press("/NONE\r")
	r.readUntil(1, "there is no token NONE")
	r.press("\x1b[H")
	r.readUntil(1, "╔═ ZZFB00000001 ")
	r.interrupt()
}

// TestWallResized checks that each frame fits after the terminal was resized, and that
// NO_COLOR turns the colours off.
func TestWallResized(t *testing.T) {
	t.Parallel()
	f := newWallFleet(t, fleet.Lot{Count: 30, Ready: true}, fleet.Lot{Count: 2, Profile: "button-8"})
	r := f.start(t, wide, "NO_COLOR=1")
	for _, size := range []pty.Winsize{{Rows: 8, Cols: 34}, {Rows: 6, Cols: 30}, {Rows: 2, Cols: 12}, {Rows: 50, Cols: 200}, wide} {
		require.NoError(t, pty.Setsize(r.File, &size))
		r.output.Reset()
		r.readUntil(1, clearAll+home)
		_, after, _ := strings.Cut(r.output.String(), clearAll+home)
		r.output.Reset()
		r.output.WriteString(after)
		r.readUntil(1, "\x1b[J")
		frame, _, _ := strings.Cut(r.output.String(), "\x1b[J")
		require.NotContains(t, strings.ReplaceAll(frame, "\x1b[K", ""), "\x1b", "NO_COLOR")
		requireFits(t, frame, size)
		require.Contains(t, frame, "00:00:00")
	}
	r.interrupt()
	require.True(t, strings.HasSuffix(r.output.String(), terminalOff), "%q", r.output.String())
}

// TestWallRealClock: the clock and the displays go on without events.
func TestWallRealClock(t *testing.T) {
	t.Parallel()
	f := newWallFleet(t, fleet.Lot{Count: 1, Ready: true, Crystal: fleet.CrystalPerfect})
	m, err := f.Find("ZZFB00000001")
	require.NoError(t, err)
	before := m.Look().Text
	r := f.start(t, wide, "NO_COLOR=1")
	r.press("\t")
	r.readUntil(1, "["+before+"]")
	require.NoError(t, f.World().SetMode(virtual.Scaled, 60))
	shows := regexp.MustCompile(`\[(\d{6})\]`)
	for end := time.Now().Add(patience); ; {
		r.output.Reset()
		r.readUntil(1, "\x1b[J")
		if code := shows.FindStringSubmatch(r.output.String()); code != nil && code[1] != before {
			break
		}
		require.True(t, time.Now().Before(end))
	}
	r.interrupt()
}

// TestWallKilled checks that SIGTERM ends the wall like q.
func TestWallKilled(t *testing.T) {
	t.Parallel()
	f := newWallFleet(t, fleet.Lot{Count: 1, Ready: true})
	r := f.start(t, wide, "NO_COLOR=1")
	require.NoError(t, r.cmd.Process.Signal(syscall.SIGTERM))
	_ = r.end()
	require.True(t, strings.HasSuffix(r.output.String(), terminalOff), "%q", r.output.String())
}

// TestWallEnds checks that the wall restores the terminal when it ends for any reason,
// and that it reports a fleet that is gone.
func TestWallEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]struct {
		do   func(*terminalRun, *wallFleet)
		code int
		says string
	}{
		"q":      {func(r *terminalRun, _ *wallFleet) { r.press("q") }, 0, ""},
		"Ctrl-C": {func(r *terminalRun, _ *wallFleet) { r.press("\x03") }, 0, ""},
		"gone": {func(r *terminalRun, f *wallFleet) {
			f.server.Config.Close()
			f.server.CloseClientConnections()
		}, exitNoConnect, "fob: the fleet does not answer: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newWallFleet(t, fleet.Lot{Count: 1, Ready: true})
			dir := t.TempDir()
			script := `stty -a > "$0/before"; "$@"; code=$?; stty -a > "$0/after"; exit $code`
			r := startCommandOnTerminal(t, wide, "NO_COLOR=1",
				exec.Command("sh", append([]string{"-c", script, dir, "fob"}, f.args...)...))
			r.readUntil(1, "\x1b[J")
			end.do(r, f)
			err := r.end()
			code := 0
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
				code = exit.ExitCode()
			}
			require.Equal(t, end.code, code, r.output.String())
			_, after, found := strings.Cut(r.output.String(), terminalOff)
			require.True(t, found)
			if end.says == "" {
				require.Empty(t, after)
			}
			require.Contains(t, after, end.says)
			was, err := os.ReadFile(filepath.Join(dir, "before"))
			require.NoError(t, err)
			is, err := os.ReadFile(filepath.Join(dir, "after"))
			require.NoError(t, err)
			require.NotEmpty(t, was)
			require.Equal(t, string(was), string(is))
		})
	}
}
