// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/demo"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
)

// TestMain puts fob on the PATH of scripts and tests: this test binary under
// another name.
func TestMain(m *testing.M) {
	// Under the race detector each process would sleep for a second at its end.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	testscript.Main(m, map[string]func(){"fob": orQuit(main), "holdport": orQuit(holdPort), "ask": orQuit(ask)})
}

// orQuit makes a program end with a plain message on SIGQUIT, with which testscript
// ends what runs at a script's deadline. Go would print every goroutine.
func orQuit(program func()) func() {
	return func() {
		quit := make(chan os.Signal, 1)
		signal.Notify(quit, syscall.SIGQUIT)
		go func() {
			<-quit
			fmt.Fprintf(os.Stderr, "%s: ended by SIGQUIT: the script has reached its deadline\n", filepath.Base(os.Args[0]))
			os.Exit(exitTimeout)
		}()
		program()
	}
}

// holdPort keeps a serial port open, as another program would, until it is
// stopped.
func holdPort() {
	p, err := port.Open(context.Background(), os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer p.Close()
	fmt.Println("{}")
	_, _ = io.Copy(io.Discard, p)
}

// fob runs a command line in this process.
func fob(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

// TestCodeOf: the codes are for scripts, which cannot read.
func TestCodeOf(t *testing.T) {
	for want, errs := range map[int][]error{
		exitFailed: {host.ErrProtocol, context.Canceled, fleet.ErrStateLocked, fleet.ErrStateKey, os.ErrPermission,
			fmt.Errorf("%w: %w", fleet.ErrStateDamaged, token.ErrProfileName)},
		exitUsage:       {usagef("x"), port.ErrAddress, port.ErrExposed, fleet.ErrCount, token.ErrExpiry, serialproto.RCMessageSize},
		exitNoConnect:   {port.ErrBusy, port.ErrNotFound, port.ErrGone, &port.OpError{Err: os.ErrPermission}},
		exitRefused:     {&host.RefusedError{Err: serialproto.ErrLocked}, &host.RefusedError{Err: serialproto.RCMessageSize}},
		exitUnsupported: {port.ErrUnsupported, &host.RefusedError{Err: serialproto.RCUnsupported}, &host.RefusedError{Err: serialproto.ErrUnsupported}},
		exitMismatch:    {host.ErrVerify, demo.ErrDisagree},
		exitTimeout:     {host.ErrTimeout, os.ErrDeadlineExceeded, context.DeadlineExceeded},
	} {
		for _, err := range errs {
			require.Equal(t, want, codeOf(err), "%v", err)
			require.Equal(t, want, codeOf(fmt.Errorf("doing: %w", err)), "%v", err)
		}
	}
}

// TestUnsupportedSystem: where there are no pseudo-terminals, fob run without a
// flag for ports says what to use instead.
func TestUnsupportedSystem(t *testing.T) {
	// What port.Listen returns on Windows.
	err := &port.OpError{Op: "listening on", Addr: "pty:", Err: fmt.Errorf(
		"%w: PTYs are not available on windows; use tcp: or rfc2217://", port.ErrUnsupported)}
	var stderr bytes.Buffer
	a := &app{stderr: &stderr, started: true}
	require.Equal(t, exitUnsupported, a.exitCode(&cobra.Command{}, err))
	require.Equal(t, "fob: listening on pty:: not supported: PTYs are not available on windows; use tcp: or rfc2217://\n", stderr.String())
}

func TestJoinedErrors(t *testing.T) {
	var stderr bytes.Buffer
	a := &app{stderr: &stderr, started: true}
	a.exitCode(&cobra.Command{}, fmt.Errorf("one\ntwo"))
	require.Equal(t, "fob: one\nfob: two\n", stderr.String())
}

// TestHelp: every command says what it does, within 80 columns but for the
// flags, and its example is a command line that is understood.
func TestHelp(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Name() == "completion" || c.Name() == "help" { // cobra's own
			return
		}
		require.NotEmpty(t, c.Short, c.CommandPath())
		require.False(t, strings.HasSuffix(c.Short, "."), "%s: a short text is no sentence", c.CommandPath())
		for line := range strings.Lines(c.Long) {
			require.LessOrEqual(t, len([]rune(line)), 81, "%s: %s", c.CommandPath(), line)
		}
		for line := range strings.Lines(c.Example) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), " <")
			args := strings.Fields(line)[1:]
			found, rest, err := newRootCmd(&app{}).Find(args)
			require.NoError(t, err, line)
			require.True(t, found.Runnable(), line)
			require.NoError(t, found.ParseFlags(rest), line)
			require.NoError(t, found.ValidateArgs(found.Flags().Args()), line)
			require.NoError(t, found.ValidateRequiredFlags(), line)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRootCmd(&app{}))
}

// TestInterrupted: a command that waits for standard input ends with its
// context, and leaves no file.
func TestInterrupted(t *testing.T) {
	never, _ := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"seeds", "convert", "-", "--from", "duo", "--period", "60s", "--to", "pskc",
		"--out", filepath.Join(dir, "out.xml")}, never, &stdout, &stderr)
	require.Equal(t, exitInterrupted, code)
	require.Equal(t, "fob: interrupted\n", stderr.String())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
