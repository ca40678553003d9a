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
