// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/seedfile"
)

// The exit codes, the same for every command.
const (
	exitDone        = 0
	exitFailed      = 1   // a check failed, or an error has no code of its own
	exitUsage       = 2   // the command line or its input is wrong
	exitNoConnect   = 3   // the device or the database is unreachable
	exitRefused     = 4   // the device or the bank refused
	exitUnsupported = 5   // this system or device cannot do that
	exitMismatch    = 6   // the token holds the wrong seed
	exitTimeout     = 42  // no response in time
	exitSignal      = 128 // plus the number of the signal that has interrupted the command
	exitInterrupted = exitSignal + int(syscall.SIGINT)
)

// app is the state that all commands share.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	json           bool          // --json
	started        bool          // the command line was valid, and a command runs
	stdinTaken     bool          // standard input has been read
	lists          bool          // the command writes its results while it reads
	settle         func()        // removes a progress bar; nil if there is none
	inputs         []os.FileInfo // the files that the command reads; see reads
}

// usagef returns an error that the user can fix by changing the command line or its
// input.
func usagef(format string, args ...any) error {
	return errclass.With(errclass.Usage, fmt.Errorf(format, args...))
}

// exitCode reports the error of a command and returns the exit code for it.
func (a *app) exitCode(cmd *cobra.Command, err error) int {
	if err == nil {
		return exitDone
	}
	a.quiet()
	var child exitError
	if errors.As(err, &child) {
		if child.err != nil {
			a.report(child.err.Error(), classOf(child.err).String(), child.code)
		}
		return child.code
	}
	if errors.Is(err, context.Canceled) {
		code := interruptedCode(cmd.Context())
		a.report("interrupted", "interrupted", code)
		return code
	}
	if !a.started { // cobra refused the command line
		err = errclass.With(errclass.Usage, fmt.Errorf("%w\nsee %s --help", err, cmd.CommandPath()))
	}
	code := codeOf(err)
	a.report(err.Error(), classOf(err).String(), code)
	return code
}

// errorResult is an error in the output of --json.
type errorResult struct {
	Error string `json:"error"`
	Code  string `json:"code"` // the class of the error
	Exit  int    `json:"exit"`
}

// report writes an error to stderr: a line for each of joined errors, or one JSON
// object with --json.
func (a *app) report(text, class string, code int) {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = plain(lines[i])
	}
	if a.json {
		_ = json.NewEncoder(a.stderr).Encode(errorResult{strings.Join(lines, "; "), class, code})
		return
	}
	for _, line := range lines {
		fmt.Fprintf(a.stderr, "fob: %s\n", line)
	}
}

// codes maps the classes of errors to exit codes.
var codes = map[errclass.Class]int{
	errclass.Failed:      exitFailed,
	errclass.Usage:       exitUsage,
	errclass.Unreachable: exitNoConnect,
	errclass.Refused:     exitRefused,
	errclass.Unsupported: exitUnsupported,
	errclass.Mismatch:    exitMismatch,
	errclass.Timeout:     exitTimeout,
}

func codeOf(err error) int { return codes[classOf(err)] }

// classOf returns the class with which an error was declared. Errors of the standard
// library have no class; classOf chooses one for the common ones.
func classOf(err error) errclass.Class {
	class, found := errclass.Of(err)
	if found {
		return class
	}
	for _, timeout := range []error{os.ErrDeadlineExceeded, context.DeadlineExceeded} {
		if errors.Is(err, timeout) {
			return errclass.Timeout
		}
	}
	var lookup *net.DNSError
	if errors.As(err, &lookup) {
		return errclass.Unreachable
	}
	var network *net.OpError // such as listening on a busy or forbidden port, or connecting where no server listens
	for _, reason := range []error{syscall.EADDRINUSE, syscall.EADDRNOTAVAIL, syscall.ECONNREFUSED, os.ErrPermission} {
		if errors.As(err, &network) && errors.Is(err, reason) {
			return errclass.Unreachable
		}
	}
	return class
}

// isContent reports whether the error is about the content of a seed file.
func isContent(err error) bool {
	var content *seedfile.Error
	return errors.As(err, &content)
}

// print writes a result: v as one line of JSON with --json, otherwise text.
func (a *app) print(v any, text string) error {
	a.quiet()
	if a.json {
		return jsonLine(a.stdout, v)
	}
	_, err := io.WriteString(a.stdout, text)
	return err
}

// quiet removes a progress bar before other output.
func (a *app) quiet() {
	if a.settle != nil {
		a.settle()
	}
}

func (a *app) warnf(format string, args ...any) {
	a.quiet()
	text := plain(fmt.Sprintf(format, args...))
	if a.json {
		_ = json.NewEncoder(a.stderr).Encode(struct {
			Warning string `json:"warning"`
		}{text})
		return
	}
	fmt.Fprintf(a.stderr, "fob: warning: %s\n", text)
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func newRootCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fob",
		Short: "Run, program and test TOTP hardware tokens",
		Long: `Run virtual TOTP hardware tokens, program and test virtual and real tokens over
serial lines, and run a reference validation server.

Exit codes:
  0    success
  1    a check failed, or another error
  2    wrong command line or input
  3    cannot connect
  4    refused by the device or the bank
  5    not supported
  6    the token holds another seed
  42   timeout
  130  interrupted by Ctrl-C; 143 by SIGTERM, 129 by SIGHUP

With --json, errors are objects on stderr: {"error": …, "code": …, "exit": …}.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFlags(cmd); err != nil { // cobra checks too late to return a usage error
				return err
			}
			if err := emptyFlag(cmd); err != nil {
				return err
			}
			a.started = true
			return nil
		},
		Args: subCommand,
		RunE: help,
	}
	cmd.PersistentFlags().BoolVar(&a.json, "json", a.json, "print results and errors as JSON, one object per line")
	cmd.PersistentFlags().Lookup("json").DefValue = "false"
	cmd.AddCommand(newDemoCmd(a), newRunCmd(a), newFleetCmd(a), newWithCmd(a), newScenarioCmd(a), newLoadCmd(a), newConformCmd(a), newMCPCmd(a), newLineCmd(a), newDeviceCmd(a), newBoardCmd(a), newSeedsCmd(a), newCodeCmd(a), newValidatorCmd(a), newDoctorCmd(a), newVersionCmd(a))
	cmd.Version = versionText()
	cmd.SetVersionTemplate("{{.Version}}")
	cmd.SetFlagErrorFunc(flagError)
	cmd.SetGlobalNormalizationFunc(normalName)
	cmd.InitDefaultCompletionCmd()
	cmd.InitDefaultHelpCmd()
	for _, c := range cmd.Commands() {
		switch c.Name() {
		case "completion":
			c.Args, c.RunE = subCommand, help // otherwise an unknown shell is not an error
		case "help":
			c.Run, c.RunE = nil, helpOn
		}
	}
	return cmd
}

// help is the RunE of a command that only has sub-commands.
func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// helpOn implements fob help COMMAND.
func helpOn(cmd *cobra.Command, args []string) error {
	about, _, err := cmd.Root().Find(args)
	if err != nil {
		return usagef("%w", err)
	}
	if got := strings.Fields(about.CommandPath()); len(got)-1 != len(args) {
		return usagef("unknown help topic %q: see fob --help", strings.Join(args, " "))
	}
	about.InitDefaultHelpFlag()
	return about.Help()
}

// noArgs is like cobra.NoArgs, for commands without sub-commands. It does not print the
// argument, which may be a seed passed by mistake.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no arguments, only flags", cmd.CommandPath())
	}
	return nil
}

// emptyFlag rejects a flag with an empty value, as "$UNSET" in a script produces. The
// command would treat it as not given and use the default.
func emptyFlag(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		empty := f.Value.Type() == "string" && f.Value.String() == ""
		list, ok := f.Value.(pflag.SliceValue)
		if ok {
			empty = !slices.ContainsFunc(list.GetSlice(), func(item string) bool { return item != "" })
		}
		switch {
		case err != nil:
		case empty:
			err = fmt.Errorf("--%s is empty: give it a value or leave it out", f.Name)
		case ok && slices.Contains(list.GetSlice(), ""):
			err = fmt.Errorf("--%s %s: one of its items is empty: leave it out", f.Name, strings.Join(list.GetSlice(), ","))
		}
	})
	return err
}
