// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/token"
)

// someArgs requires one argument or more. Like noArgs, it does not print them.
func someArgs(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("%s takes %s", cmd.CommandPath(), what)
		}
		return nil
	}
}

// serialFlag parses an optional serial number.
func serialFlag(text string) (token.Serial, error) {
	if text == "" {
		return token.Serial{}, nil
	}
	return token.ParseSerial(text)
}

// fieldTable formats pairs of names and values, one pair per line.
func fieldTable(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(&b, "%-15s %s\n", pairs[i], dash(plain(pairs[i+1])))
	}
	return b.String()
}
