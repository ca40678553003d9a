// SPDX-License-Identifier: Apache-2.0

// Command fob runs virtual TOTP hardware tokens and talks to tokens, virtual
// or real, over serial lines. See the README.
package main

import (
	"cmp"
	"context"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(withHangups(context.Background()), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process, whatever it does
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main without the process. Results go to stdout; errors, warnings and
// progress go to stderr, an error as one line "fob: …", or as JSON with --json.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	// Before cobra reads the flags: it may refuse them.
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, json: hasJSON(args)}
	root := newRootCmd(a)
	root.SetArgs(negatives(root, args))
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	show := root.HelpFunc()
	var unknown error
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if cmd.HasSubCommands() { // cobra looks for --help before it looks at a name
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

// negatives moves arguments such as -95s behind a "--", since they would be read
// as flags: no flag of fob starts with a digit. The value of a flag stays.
func negatives(root *cobra.Command, args []string) []string {
	var front, back []string
	for i, arg := range args {
		if arg == "--" {
			return args
		}
		number := len(arg) > 1 && arg[0] == '-' && (arg[1] >= '0' && arg[1] <= '9' || arg[1] == '.')
		value := false
		if i > 0 {
			name, long := strings.CutPrefix(args[i-1], "--")
			value = long && !strings.Contains(name, "=") && !isSwitch(root, name)
		}
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

// isSwitch reports whether a flag of that name takes no value.
func isSwitch(cmd *cobra.Command, name string) bool {
	flag := cmd.Flags().Lookup(name)
	if flag == nil {
		flag = cmd.PersistentFlags().Lookup(name)
	}
	if flag != nil {
		return flag.NoOptDefVal != ""
	}
	for _, c := range cmd.Commands() {
		if isSwitch(c, name) {
			return true
		}
	}
	return name == "help" // which cobra adds late
}
