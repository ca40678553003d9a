// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"
)

func newValidatorClerkCmd(a *app, b *bankFlags) *cobra.Command {
	return group("clerk", "Clerks of the bank, who use its desk's pages", newClerkAddCmd(a, b))
}

func newClerkAddCmd(a *app, b *bankFlags) *cobra.Command {
	var name, file string
	cmd := &cobra.Command{
		Use:     "add CLERK",
		Short:   "Add a clerk",
		Example: `  fob validator clerk add tanaka --name Tanaka --password-file pw`,
		Args:    oneArg("the ID of the clerk"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return b.with(cmd.Context(), a, func(o *openBank) error {
				password, err := a.newPassword(cmd.Context(), file, "clerk "+plain(args[0]))
				if err != nil {
					return err
				}
				if err := o.AddClerk(cmd.Context(), o.by, args[0], name, password); err != nil {
					return err
				}
				r := struct {
					ID   string `json:"id"`
					Name string `json:"name"`
				}{args[0], name}
				return a.print(r, "clerk "+r.ID+"\n")
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "`NAME` of the clerk")
	cmd.Flags().StringVar(&file, "password-file", "", "`FILE` with the password; without, a terminal is asked")
	cmd.MarkFlagRequired("name")
	return cmd
}
