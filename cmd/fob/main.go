// SPDX-License-Identifier: Apache-2.0

// Command fob runs virtual TOTP hardware tokens and talks to tokens, virtual
// or real, over serial lines. See the README.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main without the process. Results go to stdout; errors, warnings and
// progress go to stderr, an error as one line "fob: …".
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr}
	root := newRootCmd(a)
	root.SetArgs(negatives(args))
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return a.exitCode(root.ExecuteContext(ctx))
}

// negatives moves arguments such as -95s behind a "--", since they would be read
// as flags: no flag of fob starts with a digit. The value of a flag stays.
func negatives(args []string) []string {
	var front, back []string
	for i, arg := range args {
		if arg == "--" {
			return args
		}
		number := len(arg) > 1 && arg[0] == '-' && arg[1] >= '0' && arg[1] <= '9'
		value := i > 0 && strings.HasPrefix(args[i-1], "--") && args[i-1] != "--json" && !strings.Contains(args[i-1], "=")
		if number && !value {
			back = append(back, arg)
		} else {
			front = append(front, arg)
		}
	}
	if back == nil {
		return args
	}
	return append(append(front, "--"), back...)
}
