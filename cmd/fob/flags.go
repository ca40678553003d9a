// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The annotations with which cobra marks groups of flags. Cobra does not export these
// names; TestFlagGroups fails if they change.
const (
	oneRequired = "cobra_annotation_one_required"
	exclusive   = "cobra_annotation_mutually_exclusive"
	together    = "cobra_annotation_required_if_others_set"
)

// goesWith is the annotation of a flag that has no effect without one of other flags.
const goesWith = "fob_goes_with"

// markGoesWith marks flags that have an effect only with one of the flags in with, which
// are separated by spaces.
func markGoesWith(f *pflag.FlagSet, with string, flags ...string) {
	for _, name := range flags {
		if err := f.SetAnnotation(name, goesWith, strings.Fields(with)); err != nil {
			panic(err) // the command lacks the flag
		}
	}
}

// checkGoesWith checks that no flag is given without a flag that it needs.
func checkGoesWith(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		with := slices.Clone(f.Annotations[goesWith])
		if err != nil || len(with) == 0 || slices.ContainsFunc(with, cmd.Flags().Changed) {
			return
		}
		for i := range with {
			with[i] = "--" + with[i]
		}
		err = fmt.Errorf("--%s goes with %s", f.Name, enumerate(with, "or"))
	})
	return err
}

// checkFlags checks the required flags and flag groups as cobra would, but its errors
// name the flags as the user types them.
func checkFlags(cmd *cobra.Command) error {
	changed := cmd.Flags().Changed
	var missing []string
	var wrong error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if slices.Contains(f.Annotations[cobra.BashCompOneRequiredFlag], "true") && !f.Changed {
			missing = append(missing, "--"+f.Name)
		}
		for _, kind := range []string{oneRequired, exclusive, together} {
			for _, group := range f.Annotations[kind] {
				names := strings.Fields(group)
				given := 0
				for i, name := range names {
					if changed(name) {
						given++
					}
					names[i] = "--" + name
				}
				switch {
				case kind == oneRequired && given == 0:
					wrong = fmt.Errorf("%s needs %s", cmd.CommandPath(), enumerate(names, "or"))
				case kind == exclusive && given > 1:
					wrong = fmt.Errorf("%s takes one of %s", cmd.CommandPath(), enumerate(names, "or"))
				case kind == together && given > 0 && given < len(names):
					wrong = fmt.Errorf("%s: %s go together", cmd.CommandPath(), enumerate(names, "and"))
				}
			}
		}
	})
	if len(missing) > 0 {
		return fmt.Errorf("%s needs %s", cmd.CommandPath(), enumerate(missing, "and"))
	}
	if wrong == nil {
		wrong = checkGoesWith(cmd)
	}
	if wrong != nil {
		return wrong
	}
	return cmd.ValidateFlagGroups() // for other kinds of groups that a new version of cobra may have
}

// enumerate joins words for a sentence, such as "a, b and c".
func enumerate(words []string, last string) string {
	if len(words) == 1 {
		return words[0]
	}
	end := len(words) - 1
	return strings.Join(words[:end], ", ") + " " + last + " " + words[end]
}
