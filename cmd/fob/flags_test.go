// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// everyCommand calls f with each command of fob.
func everyCommand(f func(*cobra.Command)) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		f(cmd)
		for _, c := range cmd.Commands() {
			walk(c)
		}
	}
	walk(newRootCmd(&app{stdout: io.Discard, stderr: io.Discard}))
}

// argsFor returns the arguments of a call of a command, without flags.
func argsFor(cmd *cobra.Command) []string {
	args := strings.Fields(cmd.CommandPath())[1:]
	for i := 0; i < 3 && cmd.Args != nil && cmd.Args(cmd, make([]string, i)) != nil; i++ {
		if cmd.Args(cmd, slices.Repeat([]string{"x"}, i+1)) == nil {
			return append(args, slices.Repeat([]string{"x"}, i+1)...)
		}
	}
	return args
}

// TestFlagGroups violates the flag rules of every command that has some. The errors
// must name the flags as the user types them, and must not be cobra's.
func TestFlagGroups(t *testing.T) {
	seen := map[string]int{}
	refused := func(kind, want string, args []string) {
		code, out, errs := fob(t, "", args...)
		require.Equal(t, exitUsage, code, args)
		require.Empty(t, out)
		require.Contains(t, errs, want, args)
		for _, cobras := range []string{"required", "group [", "if any"} {
			require.NotContains(t, errs, cobras, args)
		}
		seen[kind]++
	}
	everyCommand(func(cmd *cobra.Command) {
		var required []string
		groups := map[string][]string{}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if slices.Contains(f.Annotations[cobra.BashCompOneRequiredFlag], "true") {
				required = append(required, "--"+f.Name)
			}
			for _, kind := range []string{oneRequired, exclusive, together} {
				for _, group := range f.Annotations[kind] {
					groups[kind] = strings.Fields("--" + strings.ReplaceAll(group, " ", " --"))
				}
			}
		})
		args := argsFor(cmd)
		if required != nil {
			refused("required", cmd.CommandPath()+" needs "+enumerate(required, "and")+"\n", args)
			return
		}
		if flags := groups[oneRequired]; flags != nil {
			refused(oneRequired, cmd.CommandPath()+" needs "+enumerate(flags, "or")+"\n", args)
		}
		value := func(flag string) string {
			switch cmd.Flag(strings.TrimPrefix(flag, "--")).Value.Type() {
			case "bool":
				return flag
			case "int", "uint32", "uint64", "float64":
				return flag + "=1"
			}
			return flag + "=x"
		}
		if flags := groups[exclusive]; flags != nil {
			refused(exclusive, cmd.CommandPath()+" takes one of "+enumerate(flags, "or")+"\n", append(slices.Clone(args), value(flags[0]), value(flags[1])))
		}
		if flags := groups[together]; flags != nil {
			refused(together, cmd.CommandPath()+": "+enumerate(flags, "and")+" go together\n", append(slices.Clone(args), value(flags[0])))
		}
	})
	require.Greater(t, seen["required"], 5)
	require.Len(t, seen, 4, "every kind of rule: %v", seen)
}
