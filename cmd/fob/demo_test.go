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
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/demo"
)

var ansi = regexp.MustCompile("\x1b\\[[?0-9;]*[A-Za-z]")

// terminalRun is a run of fob on a terminal.
type terminalRun struct {
	*os.File
	t      *testing.T
	cmd    *exec.Cmd
	output bytes.Buffer
}

// startOnTerminal starts fob on a terminal. A run that takes too long is killed.
func startOnTerminal(t *testing.T, size pty.Winsize, env string, args ...string) *terminalRun {
	return startCommandOnTerminal(t, size, env, exec.Command("fob", args...))
}

func startCommandOnTerminal(t *testing.T, size pty.Winsize, env string, cmd *exec.Cmd) *terminalRun {
	cmd.Env = append(os.Environ(), env)
	terminal, err := pty.StartWithSize(cmd, &size)
	require.NoError(t, err)
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() {
		timer.Stop()
		terminal.Close()
	})
	return &terminalRun{File: terminal, t: t, cmd: cmd}
}

// readUntil reads until the output contains one of the texts n times.
func (r *terminalRun) readUntil(n int, texts ...string) {
	chunk := make([]byte, 4096)
	for !slices.ContainsFunc(texts, func(text string) bool { return bytes.Count(r.output.Bytes(), []byte(text)) >= n }) {
		read, err := r.Read(chunk)
		r.output.Write(chunk[:read])
		require.NoError(r.t, err, "%q", r.output.Bytes())
	}
}

// interrupt presses Ctrl-C, after which fob must end without an error.
func (r *terminalRun) interrupt() {
	_, err := r.Write([]byte{3})
	require.NoError(r.t, err)
	require.NoError(r.t, r.end())
}

// press presses keys, and forgets the output before.
func (r *terminalRun) press(keys string) {
	r.output.Reset()
	_, err := r.Write([]byte(keys))
	require.NoError(r.t, err)
}

// end waits for the end.
func (r *terminalRun) end() error {
	_, _ = io.Copy(&r.output, r.File) // returns EIO when the process has ended
	return r.cmd.Wait()
}

const lastDemoLine = "Ctrl-C ends the demo."

// requireFits checks that a frame fits on a terminal.
func requireFits(t *testing.T, frame string, size pty.Winsize) {
	t.Helper()
	lines := strings.Split(ansi.ReplaceAllString(frame, ""), "\r\n")
	require.LessOrEqual(t, len(lines), int(size.Rows))
	for _, line := range lines {
		require.LessOrEqual(t, utf8.RuneCountInString(line), int(size.Cols), line)
	}
}

// requireCodes checks that each of the three tokens shows a correct code, or is dark: the
// code of a button-6 disappears with its minute.
func requireCodes(t *testing.T, frame, agrees string) {
	t.Helper()
	require.Equal(t, 3, strings.Count(frame, agrees)+strings.Count(frame, "dark"), frame)
	require.LessOrEqual(t, strings.Count(frame, "dark"), 2, frame)
}

// TestDemoLive checks that the demo runs on a terminal until Ctrl-C, stays within 80
// columns and 24 rows, and restores the cursor.
func TestDemoLive(t *testing.T) {
	t.Parallel()
	size := pty.Winsize{Rows: 24, Cols: 80}
	r := startOnTerminal(t, size, "NO_COLOR=", "demo")
	r.readUntil(2, lastDemoLine)
	r.interrupt()
	text := r.output.String()
	require.True(t, strings.HasPrefix(text, hideCursor+clearAll+home), "%q", text)
	require.True(t, strings.HasSuffix(text, showCursor), "%q", text)
	for _, frame := range strings.Split(text, home)[1:3] {
		requireFits(t, frame, size)
		requireCodes(t, frame, "agrees with pquerna/otp")
	}
}

// TestDemoResized checks that every line fits into 60 columns. If the terminal is
// resized while the demo runs, the screen must be cleared to remove the rest of a wider
// frame.
func TestDemoResized(t *testing.T) {
	t.Parallel()
	r := startOnTerminal(t, pty.Winsize{Rows: 24, Cols: 100}, "NO_COLOR=1", "demo")
	r.readUntil(1, lastDemoLine)
	for _, size := range []pty.Winsize{{Rows: 24, Cols: 60}, {Rows: 10, Cols: 60}, {Rows: 30, Cols: 72}} {
		require.NoError(t, pty.Setsize(r.File, &size))
		r.output.Reset()
		r.readUntil(1, clearAll+home)
		_, after, _ := bytes.Cut(r.output.Bytes(), []byte(clearAll+home))
		r.output = *bytes.NewBuffer(bytes.Clone(after))
		r.readUntil(1, "\x1b[J")
		frame, _, _ := strings.Cut(r.output.String(), "\x1b[J")
		require.NotContains(t, strings.ReplaceAll(frame, "\x1b[K", ""), "\x1b", "NO_COLOR")
		requireFits(t, frame, size)
		if size.Rows >= 24 {
			requireCodes(t, frame, "agrees")
			require.Len(t, regexp.MustCompile(`S/N ZZFB[0-9A-F]{8}(,|\x1b|\r|$)`).FindAllString(frame, -1), 3, frame)
			require.Equal(t, 3, strings.Count(frame, "EXP "), frame)
			require.Contains(t, frame, lastDemoLine)
		}
	}
	r.interrupt()
}

// TestRunTable checks that fob run prints a table that fits on a terminal, and the JSON
// line with --json.
func TestRunTable(t *testing.T) {
	t.Parallel()
	run := func(columns uint16, env string, args ...string) string {
		r := startOnTerminal(t, pty.Winsize{Rows: 24, Cols: columns}, env,
			append([]string{"run", "--count", "2", "--profile", "button-8", "--tcp", "127.0.0.1:0"}, args...)...)
		r.readUntil(1, "Ctrl-C stops", "]}\r\n")
		text := r.output.String()
		r.interrupt()
		return text
	}
	for _, columns := range []uint16{40, 60, 80, 120} {
		text := run(columns, "NO_COLOR=1")
		require.NotContains(t, text, "\x1b")
		require.Contains(t, text, "2 tokens")
		require.Equal(t, 2, strings.Count(text, "tcp:127.0.0.1:"))
		require.Equal(t, 2, strings.Count(text, "button-8"))
		require.Equal(t, 2, strings.Count(text, "BLANK"))
		link := regexp.MustCompile(`\r\n(http://127\.0\.0\.1:\d+/login/[A-Z2-7]{26})\r\n`).FindStringSubmatch(text)
		require.Len(t, link, 2, text) // alone on a line, and whole: for opening
		requireFits(t, strings.Replace(text, link[1], "", 1), pty.Winsize{Rows: 24, Cols: columns})
	}
	require.Contains(t, run(80, "NO_COLOR="), "\x1b[1m")
	require.True(t, strings.HasPrefix(run(80, "NO_COLOR=", "--json"), `{"pid":`))
}

// TestDemoStays checks that the demo's pages are available as long as it runs, even
// after a client has connected and gone.
func TestDemoStays(t *testing.T) {
	t.Parallel()
	r := startOnTerminal(t, pty.Winsize{Rows: 24, Cols: 80}, "NO_COLOR=", "demo")
	r.readUntil(1, lastDemoLine)
	go io.Copy(io.Discard, r.File) // otherwise the demo would block on its terminal
	text := ansi.ReplaceAllString(r.output.String(), "")
	bank := regexp.MustCompile(`The bank: (http://127\.0\.0\.1:\d+)`).FindStringSubmatch(text)
	require.NotNil(t, bank, text)
	wall := regexp.MustCompile(`The wall: (http://127\.0\.0\.1:\d+)/login/\w+`).FindStringSubmatch(text)
	require.NotNil(t, wall, text)

	for range 2 {
		for _, url := range []string{bank[1] + "/login", bank[1] + "/readyz", wall[1] + "/login", wall[1] + "/v1/healthz"} {
			answer, err := http.Get(url)
			require.NoError(t, err)
			answer.Body.Close()
			require.Equal(t, http.StatusOK, answer.StatusCode, url)
		}
		time.Sleep(5 * time.Second) // the time of a person reading; a deadline left on a line would expire
	}
	r.interrupt()
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
