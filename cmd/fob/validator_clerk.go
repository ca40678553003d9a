// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/validator/bank"
)

func newValidatorClerkCmd(a *app, b *bankFlags) *cobra.Command {
	return group("clerk", "Manage the clerks of the bank's back office", newClerkAddCmd(a, b), newClerkChangeCmd(a, b))
}

func newClerkAddCmd(a *app, b *bankFlags) *cobra.Command {
	var name, file string
	cmd := &cobra.Command{
		Use:     "add CLERK",
		Short:   "Add a clerk",
		Long:    "Add a clerk, who can log in to the back office at /desk/.",
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
				return a.print(map[string]string{"id": args[0], "name": name}, "clerk "+args[0]+"\n")
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "`NAME` of the clerk")
	cmd.Flags().StringVar(&file, "password-file", "", "`FILE` with the password; prompted for if omitted")
	cmd.MarkFlagRequired("name")
	return cmd
}

func newClerkChangeCmd(a *app, b *bankFlags) *cobra.Command {
	var name, file string
	var locked, ask bool
	cmd := &cobra.Command{
		Use:   "change CLERK",
		Short: "Change a clerk's name, password or lock",
		Long: `Change the values given by flags. A locked clerk is logged out and cannot log in
until --locked=false. API keys must be ended separately.`,
		Example: `  fob validator clerk change tanaka --locked
  fob validator clerk change tanaka --password-file pw`,
		Args: oneArg("the ID of the clerk"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var c bank.ClerkChange
			point(cmd.Flags().Changed("name"), &c.Name, name)
			point(cmd.Flags().Changed("locked"), &c.Locked, locked)
			return b.with(cmd.Context(), a, func(o *openBank) error {
				if file != "" || ask {
					password, err := a.newPassword(cmd.Context(), file, "clerk "+plain(args[0]))
					if err != nil {
						return err
					}
					c.Password = &password
				}
				if err := o.ChangeClerk(cmd.Context(), o.by, args[0], c); err != nil {
					return err
				}
				return a.print(map[string]string{"id": args[0]}, "clerk "+args[0]+"\n")
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&name, "name", "", "`NAME` of the clerk")
	f.BoolVar(&locked, "locked", false, "lock the account")
	f.StringVar(&file, "password-file", "", "`FILE` with the new password")
	f.BoolVar(&ask, "ask-password", false, "prompt for a new password")
	cmd.MarkFlagsOneRequired("name", "locked", "password-file", "ask-password")
	cmd.MarkFlagsMutuallyExclusive("password-file", "ask-password")
	return cmd
}
