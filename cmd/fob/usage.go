// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/token"
)

// subCommand is like cobra.NoArgs, for commands that have sub-commands. It suggests
// sub-commands for a mistyped one.
func subCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if isSeed(args[0]) { // errors may be logged
		return fmt.Errorf("unknown command for %q", cmd.CommandPath())
	}
	return fmt.Errorf("unknown command %q for %q%s", args[0], cmd.CommandPath(), suggestion(cmd, args[0], ""))
}

// suggestion returns a suggestion of sub-commands of cmd whose names are similar to name.
func suggestion(cmd *cobra.Command, name, prefix string) string {
	cmd.SuggestionsMinimumDistance = 2
	like := cmd.SuggestionsFor(name)
	if len(like) == 0 {
		return ""
	}
	for i := range like {
		like[i] = prefix + like[i]
	}
	return ": did you mean " + strings.Join(like, " or ") + "?"
}

// flagError describes the values that a flag accepts, instead of the error of strconv.
func flagError(cmd *cobra.Command, err error) error {
	var value *pflag.InvalidValueError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &value):
		flag := value.GetFlag()
		want := map[string]string{
			"int": "a whole number", "int64": "a whole number", "uint64": "a whole number from 0", "uint32": "a whole number from 0",
			"duration": "a number with a unit, such as 60s or 5m", "bool": "true or false", "float64": "a number",
		}[flag.Value.Type()]
		given := " " + value.GetValue()
		if isSeed(value.GetValue()) {
			given = ""
		}
		if n, ok := flag.Value.(*number); ok {
			want = n.accepted()
		}
		if want != "" {
			return fmt.Errorf("--%s%s: want %s", flag.Name, given, want)
		}
	case errors.As(err, &unknown) && strings.Trim(unknown.GetSpecifiedName(), "0123456789.") == "":
		flag := cmd.Annotations[signedFlag]
		if flag == "" {
			return fmt.Errorf("%w: no argument here may be negative", err)
		}
		return fmt.Errorf("a negative value needs a flag: --%s -%s", flag, unknown.GetSpecifiedShortnames())
	case errors.As(err, &unknown) && len(unknown.GetSpecifiedName()) > 1:
		names := &cobra.Command{} // cobra only compares the names of commands
		add := func(f *pflag.Flag) {
			names.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
		}
		cmd.Flags().VisitAll(add)
		return fmt.Errorf("%w%s", err, suggestion(names, unknown.GetSpecifiedName(), "--"))
	}
	return err
}

// profileFlag converts an error about a field of a profile to one about the flag that
// set it.
func profileFlag(err error) error {
	var field *token.FieldError
	if !errors.As(err, &field) {
		return err
	}
	flag := map[string]string{"Digits": "digits", "Step": "step", "T0": "t0"}[field.Field]
	if flag == "" {
		return err
	}
	return usagef("--%s %d: want %s", flag, field.Value, field.Allowed)
}

// renamed maps the old names of flags, from the previous version, to their new ones.
var renamed = map[string]pflag.NormalizedName{
	"condition":      "status",
	"learn-every":    "drift-interval",
	"lift-needs-otp": "unlock-needs-otp",
	"resync-reach":   "resync-window",
	"second-band":    "look-ahead",
	"unplug-after":   "unplug-after-out",
	"self-lift":      "self-unlock",
	"stock":          "inventory",
	"token-file":     "port-password-file",
	"wrong-limit":    "lockout-threshold",
}

// normalName accepts the old names of flags, which are not shown in help texts.
func normalName(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if now, ok := renamed[name]; ok {
		return now
	}
	return pflag.NormalizedName(name)
}
