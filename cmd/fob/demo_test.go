// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/demo"
)

var ansi = regexp.MustCompile("\x1b\\[[?0-9;]*[A-Za-z]")

// TestDemoLive checks that the demo runs on a terminal until Ctrl-C, stays within 80
// columns and 24 rows, and restores the cursor.
func TestDemoLive(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("fob", "demo")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	require.NoError(t, err)
	defer terminal.Close()
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()

	var screen bytes.Buffer
	chunk := make([]byte, 4096)
	for bytes.Count(screen.Bytes(), []byte("Ctrl-C ends the demo.")) < 2 {
		n, err := terminal.Read(chunk)
		screen.Write(chunk[:n])
		require.NoError(t, err, "%q", screen.Bytes())
	}
	_, err = terminal.Write([]byte{3}) // Ctrl-C
	require.NoError(t, err)
	_, _ = io.Copy(&screen, terminal) // returns EIO when the process has ended
	require.NoError(t, cmd.Wait())

	text := screen.String()
	require.True(t, strings.HasPrefix(text, hideCursor+clearAll+home), "%q", text)
	require.True(t, strings.HasSuffix(text, "\x1b[?25h"), "%q", text)
	for _, frame := range strings.Split(text, home)[1:3] {
		lines := strings.Split(ansi.ReplaceAllString(frame, ""), "\r\n")
		require.LessOrEqual(t, len(lines), 24)
		for _, line := range lines {
			require.LessOrEqual(t, utf8.RuneCountInString(line), 80, line)
		}
		require.Equal(t, 3, strings.Count(frame, "agrees with pquerna/otp"), frame)
	}
}

// TestDemoResized checks that every line fits into 60 columns. If the terminal is
// resized while the demo runs, the screen must be cleared to remove the rest of a wider
// frame.
func TestDemoResized(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("fob", "demo")
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 100})
	require.NoError(t, err)
	defer terminal.Close()
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	var got bytes.Buffer
	chunk := make([]byte, 4096)
	until := func(text string) {
		for !bytes.Contains(got.Bytes(), []byte(text)) {
			n, err := terminal.Read(chunk)
			got.Write(chunk[:n])
			require.NoError(t, err, "%q", got.Bytes())
		}
	}
	until("Ctrl-C ends the demo.")
	for _, size := range []pty.Winsize{{Rows: 24, Cols: 60}, {Rows: 10, Cols: 60}, {Rows: 30, Cols: 72}} {
		require.NoError(t, pty.Setsize(terminal, &size))
		got.Reset()
		until(clearAll + home)
		_, after, _ := bytes.Cut(got.Bytes(), []byte(clearAll+home))
		got = *bytes.NewBuffer(bytes.Clone(after))
		until("\x1b[J")
		frame, _, _ := strings.Cut(got.String(), "\x1b[J")
		require.NotContains(t, strings.ReplaceAll(frame, "\x1b[K", ""), "\x1b", "NO_COLOR")
		lines := strings.Split(ansi.ReplaceAllString(frame, ""), "\r\n")
		require.LessOrEqual(t, len(lines), int(size.Rows))
		for _, line := range lines {
			require.LessOrEqual(t, utf8.RuneCountInString(line), int(size.Cols), line)
		}
		if size.Rows >= 24 {
			require.Equal(t, 3, strings.Count(frame, "agrees"), frame)
			require.Len(t, regexp.MustCompile(`S/N ZZFB[0-9A-F]{8}(,|\x1b|\r|$)`).FindAllString(frame, -1), 3, frame)
			require.Equal(t, 3, strings.Count(frame, "EXP "), frame)
			require.Contains(t, frame, "Ctrl-C ends the demo.")
		}
	}
	_, err = terminal.Write([]byte{3}) // Ctrl-C
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, terminal)
	require.NoError(t, cmd.Wait())
}

// TestRunTable checks that fob run prints a table that fits on a terminal, and the JSON
// line with --json.
func TestRunTable(t *testing.T) {
	t.Parallel()
	run := func(columns uint16, env string, args ...string) string {
		cmd := exec.Command("fob", append([]string{"run", "--count", "2", "--profile", "button-8", "--tcp", "127.0.0.1:0"}, args...)...)
		cmd.Env = append(os.Environ(), env)
		terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: columns})
		require.NoError(t, err)
		defer terminal.Close()
		timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
		var got bytes.Buffer
		chunk := make([]byte, 4096)
		for !bytes.Contains(got.Bytes(), []byte("Ctrl-C stops")) && !bytes.Contains(got.Bytes(), []byte("]}\r\n")) {
			n, err := terminal.Read(chunk)
			got.Write(chunk[:n])
			require.NoError(t, err, "%q", got.Bytes())
		}
		_, err = terminal.Write([]byte{3})
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, terminal)
		require.NoError(t, cmd.Wait(), "Ctrl-C is the end that was asked for")
		return got.String()
	}
	for _, columns := range []uint16{40, 60, 80, 120} {
		text := run(columns, "NO_COLOR=1")
		require.NotContains(t, text, "\x1b")
		require.Contains(t, text, "2 tokens")
		require.Equal(t, 2, strings.Count(text, "tcp:127.0.0.1:"))
		require.Equal(t, 2, strings.Count(text, "button-8"))
		require.Equal(t, 2, strings.Count(text, "BLANK"))
		for line := range strings.SplitSeq(text, "\r\n") {
			require.LessOrEqual(t, utf8.RuneCountInString(line), int(columns), line)
		}
	}
	require.Contains(t, run(80, "NO_COLOR="), "\x1b[1m")
	require.True(t, strings.HasPrefix(run(80, "NO_COLOR=", "--json"), `{"pid":`))
}

// TestDemoStays checks that the demo's pages are available as long as it runs, even
// after a client has connected and gone.
func TestDemoStays(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("fob", "demo")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	require.NoError(t, err)
	defer terminal.Close()
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	screen := make(chan string, 1)
	go func() { // keeps reading, or the demo would block on its terminal
		var text bytes.Buffer
		chunk := make([]byte, 4096)
		for {
			n, err := terminal.Read(chunk)
			text.Write(chunk[:n])
			if complete := bytes.Contains(text.Bytes(), []byte("Ctrl-C ends the demo.")); complete || err != nil {
				select {
				case screen <- text.String():
				default:
				}
			}
			if err != nil {
				return
			}
		}
	}()
	text := ansi.ReplaceAllString(<-screen, "")
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(text)
	require.NotEmpty(t, url, text)

	for range 2 {
		for _, path := range []string{"/login", "/readyz"} {
			answer, err := http.Get(url + path)
			require.NoError(t, err)
			answer.Body.Close()
			require.Equal(t, http.StatusOK, answer.StatusCode, path)
		}
		time.Sleep(5 * time.Second) // the time of a person reading; a deadline left on a line would expire
	}
	_, err = terminal.Write([]byte{3}) // Ctrl-C
	require.NoError(t, err)
	require.NoError(t, cmd.Wait())
}

// TestDemoWrong checks that a display that differs from the reference is detected, and
// has its own exit code.
func TestDemoWrong(t *testing.T) {
	t.Parallel()
	d, err := demo.New()
	require.NoError(t, err)
	defer d.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go d.Serve(ctx)
	require.NoError(t, d.Provision(ctx))
	d.Tokens[1].Profile.Digits = 8 // the reference now computes codes of another length

	for _, json := range []bool{false, true} {
		var out bytes.Buffer
		a := &app{stdout: &out, json: json}
		text, err := a.demoRound(ctx, d, 80, false)
		require.ErrorIs(t, err, demo.ErrDisagree)
		require.ErrorContains(t, err, "1 of 3")
		require.Equal(t, exitMismatch, codeOf(err))
		if !json {
			require.Equal(t, 1, strings.Count(text, "WRONG: pquerna/otp says "))
			for line := range strings.Lines(text) {
				require.LessOrEqual(t, utf8.RuneCountInString(line), 81, line)
			}
		} else {
			require.Equal(t, 1, strings.Count(out.String(), `"agree":false`))
		}
	}
}
