// SPDX-License-Identifier: Apache-2.0

// Command fob runs virtual TOTP hardware tokens and talks to tokens, virtual or real,
// over serial lines. See the README.
package main

import (
	"cmp"
	"context"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
)

func main() {
	os.Exit(run(withSignals(context.Background()), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run implements main. Results go to stdout. Errors, warnings and progress go to
// stderr; an error is one line "fob: …", or JSON with --json.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	// The flag is needed before cobra parses the flags, which may fail.
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, json: hasJSON(args)}
	root := newRootCmd(a)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	show := root.HelpFunc()
	var unknown error
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if cmd.HasSubCommands() { // cobra handles --help before it checks the name
			unknown = subCommand(cmd, cmd.Flags().Args())
		}
		if unknown == nil {
			show(cmd, args)
		}
	})
	cmd, err := root.ExecuteContextC(ctx)
	return a.exitCode(cmd, cmp.Or(err, unknown))
}

// hasJSON reports whether the flag --json is among the arguments.
func hasJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	return slices.Contains(args, "--json") || slices.Contains(args, "--json=true")
}
