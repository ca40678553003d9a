// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import (
	"context"
	"encoding/hex"
	"errors"
	"net"
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
	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/virtual"
)

// wallFleet is a fleet with an HTTP API for a wall.
type wallFleet struct {
	*fleet.Fleet
	server *httptest.Server
	end    context.CancelCauseFunc // of the requests
	args   []string                // of fob
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
	base, end := context.WithCancelCause(context.Background())
	server := httptest.NewUnstartedServer(control.New(f, control.Options{Key: key}))
	server.Config.BaseContext = func(net.Listener) context.Context { return base }
	server.Start()
	t.Cleanup(func() {
		end(nil)
		server.Close()
		require.NoError(t, f.Close())
	})
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte(key), 0o600))
	return &wallFleet{f, server, end, []string{"fleet", "wall", "--url", server.URL, "--api-key-file", file}}
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
	r.readUntil(1, "find: zzfb00000050")
	r.press("\r")
	r.readUntil(1, "╔═ ZZFB00000050 ") // 50 in hexadecimal digits is 80
	r.press("/zzfbx\x7f\x7f1\x1b")
	r.readUntil(1, "q quit")
	r.press("/NONE\r")
	r.readUntil(1, "no token has NONE in its serial number")
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
// and how: with the fleet, and by itself if the fleet has ended as it should.
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
			_ = f.server.Config.Close()
			f.server.CloseClientConnections()
			r.readUntil(1, "the fleet does not answer: trying again")
			r.press("pdq")
		}, 0, ""},
		"ended": {func(_ *terminalRun, f *wallFleet) { f.end(control.ErrEnded) }, 0, "the fleet has ended"},
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

// TestWallComesBack kills fob run, and starts another with more tokens at the same
// address. The wall shows the tokens and follows the events of the second.
func TestWallComesBack(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte("key-of-the-test-in-a-file"), 0o600))
	start := func(addr, count string) (*exec.Cmd, string) {
		run, r := startFleet(t, nil, "--count", count, "--ready", "--tcp", "127.0.0.1:0", "--http", addr, "--api-key-file", key, "--clock", "manual")
		return run, r.URL
	}
	first, url := start(tooltest.FreeAddress(t), "1")
	r := startOnTerminal(t, wide, "NO_COLOR=1", "fleet", "wall", "--url", url, "--api-key-file", key)
	r.readUntil(1, "1 token")
	r.press("d")
	r.readUntil(1, "2026-01-02 00:00:00")
	require.NoError(t, first.Process.Kill())
	r.readUntil(1, "the fleet does not answer: trying again")
	require.Contains(t, r.output.String(), "NO ANSWER")

	second, _ := start(strings.TrimPrefix(url, "http://"), "2")
	r.readUntil(1, "2 tokens")
	r.press("h")
	r.readUntil(1, "2026-01-01 01:00:00")
	require.NoError(t, second.Process.Signal(syscall.SIGTERM))
	require.NoError(t, r.end())
	require.Contains(t, r.output.String(), "the fleet has ended")
}

// TestWallSearch: the wall shows the tokens that have the text while it is typed. Enter
// goes to the selected one, and Escape back to the page that was left.
func TestWallSearch(t *testing.T) {
	t.Parallel()
	f := newWallFleet(t, fleet.Lot{Count: 300, Ready: true}, fleet.Lot{Count: 1})
	r := f.start(t, wide, "NO_COLOR=1") // eight faces on a page
	r.press("\x1b[6~")
	r.readUntil(1, "╔═ ZZFB00000009 ")
	r.press("/9f")
	r.readUntil(1, "╔═ ZZFB0000009F ") // 159 of 300; 9F is in no other
	r.press("\x7f")
	r.readUntil(1, "┌─ ZZFB00000029 ")
	r.press("\x1b[B\x1b[B") // below 09 and 29, in rows of two
	r.readUntil(1, "╔═ ZZFB00000049 ")
	r.press("\r")
	r.readUntil(1, "┌─ ZZFB0000004A ")
	r.press("/zzfb0000000a")
	r.readUntil(1, "╔═ ZZFB0000000A ")
	r.press("\x1b")
	r.readUntil(1, "╔═ ZZFB00000049 ")
	r.press("/nothing")
	r.readUntil(1, "No token has it in its serial number.")
	r.press("\x1b")
	r.readUntil(1, "╔═ ZZFB00000049 ")
	blank := ""
	for m := range f.All(300) {
		id := m.Token.HardwareID()
		blank = hex.EncodeToString(id[:])
	}
	r.press("/" + blank[2:14] + "\r")
	r.readUntil(1, "╔═ "+blank)
	r.interrupt()
}

// TestWallEndAndHome: End shows a full page with the last token, and PgUp the page before
// it, also if tokens were removed.
func TestWallEndAndHome(t *testing.T) {
	t.Parallel()
	f := newWallFleet(t, fleet.Lot{Count: 30, Ready: true})
	r := f.start(t, wide, "NO_COLOR=1") // eight faces on a page
	r.press("\x1b[F")
	r.readUntil(1, "╔═ ZZFB0000001E ")
	r.readUntil(1, " PgUp shows more tokens")
	require.Contains(t, r.output.String(), "┌─ ZZFB00000017 ")      // the eighth from the end
	for _, size := range []pty.Winsize{{Rows: 8, Cols: 34}, wide} { // the selected token stays
		require.NoError(t, pty.Setsize(r.File, &size))
		r.output.Reset()
		r.readUntil(1, clearAll+home)
		r.readUntil(1, "╔═ ZZFB0000001E ")
	}
	r.readUntil(1, "┌─ ZZFB00000017 ")
	r.press("\x1b[5~")
	r.readUntil(1, "╔═ ZZFB00000016 ")
	r.readUntil(1, "PgUp and PgDn show more tokens")
	for m := range f.All(0) {
		if m.Tag() < 9 {
			require.NoError(t, f.Remove(m))
		}
	}
	r.readUntil(1, "22 tokens")
	r.press("\x1b[H")
	r.readUntil(1, "╔═ ZZFB00000009 ")
	r.press("\x1b[6~")
	r.readUntil(1, "╔═ ZZFB00000011 ")
	r.press("\x1b[6~") // the last page begins earlier, to be full
	r.readUntil(1, "╔═ ZZFB00000019 ")
	r.readUntil(1, "┌─ ZZFB0000001E ")
	r.press("\x1b[5~")
	r.readUntil(1, "╔═ ZZFB00000016 ")
	r.press("\x1b[1~")
	r.readUntil(1, "╔═ ZZFB00000009 ")
	r.readUntil(1, " PgDn shows more tokens")
	r.interrupt()
}

// TestWallWidths: tokens with six and with eight digits have faces of one width, and all of
// them can be reached.
func TestWallWidths(t *testing.T) {
	t.Parallel()
	f := newWallFleet(t, fleet.Lot{Count: 8, Ready: true}, fleet.Lot{Count: 2, Profile: "button-8"}, fleet.Lot{Count: 1})
	r := f.start(t, pty.Winsize{Rows: 26, Cols: 110}, "NO_COLOR=1") // two wide faces in a row, eight on a page
	r.readUntil(1, "11 tokens")
	var ids []string
	for m := range f.All(0) {
		id := m.Token.HardwareID()
		ids = append(ids, hex.EncodeToString(id[:]))
	}
	last := ids[10]
	r.press("\x1b[6~") // the last page begins earlier, to be full
	r.readUntil(1, "┌─ ZZFB00000004 ")
	r.readUntil(1, "╔═ "+ids[8]+" ")
	r.readUntil(1, "┌─ "+last+" ")
	r.press("\x1b[5~")
	r.readUntil(1, "╔═ ZZFB00000003 ")
	r.press("\x1b[H")
	r.readUntil(1, "╔═ ZZFB00000001 ")
	r.press("\x1b[B\x1b[B\x1b[B\x1b[B")
	r.readUntil(1, "┌─ "+last+" ")
	r.press("\x1b[F")
	r.readUntil(1, "╔═ "+last+" ")
	r.interrupt()
}

// TestWallNarrow: 40 columns have room for the help that a new fleet needs, and for a
// token without a clock.
func TestWallNarrow(t *testing.T) {
	t.Parallel()
	f := newWallFleet(t)
	r := f.start(t, pty.Winsize{Rows: 24, Cols: 40}, "NO_COLOR=1")
	text := ansi.ReplaceAllString(r.output.String(), "")
	require.Regexp(t, `Make some in another terminal: +\r?\n fob fleet add --count 5 --ready`, text)
	members, err := f.MakeLot(fleet.Lot{Count: 1, Ready: true, Crystal: fleet.CrystalPerfect})
	require.NoError(t, err)
	r.readUntil(1, "clock +0.0s")
	_, err = members[0].Do((*virtual.Token).RemoveBattery)
	require.NoError(t, err)
	r.readUntil(1, "clock unset")
	r.press("?")
	r.readUntil(1, "blinks while the token runs")
	r.interrupt()
}
