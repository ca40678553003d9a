// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

func newValidatorUserCmd(a *app, b *bankFlags) *cobra.Command {
	return group("user", "Manage the users of a contract",
		newUserAddCmd(a, b), newUserListCmd(a, b), newUserChangeCmd(a, b))
}

func parseRole(text string) (validator.Role, error) {
	return oneOf("role", text, validator.Master, validator.Admin, validator.PlainUser)
}

// newPassword reads a new password from a file, or prompts for it twice.
func (a *app) newPassword(ctx context.Context, file, whose string) (string, error) {
	if file != "" {
		line, err := a.readPassword(ctx, file)
		return string(line), err
	}
	line, err := a.askPassword(ctx, "new password of "+whose+" (12 to 128 characters)", true)
	return string(line), err
}

func newUserAddCmd(a *app, b *bankFlags) *cobra.Command {
	var u bank.NewUser
	var role, language, file string
	cmd := &cobra.Command{
		Use:   "add USER",
		Short: "Add a user to a contract",
		Long: `Add a user to a contract. The ID is also the login name. The password, 12 to 128
characters, comes from a file or a prompt.`,
		Example: `  fob validator user add alice --contract C-1001 --role master --name Alice --password-file pw`,
		Args:    oneArg("the ID of the user"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			u.ID = args[0]
			if u.Role, err = parseRole(role); err != nil {
				return err
			}
			if u.Language, err = parseLanguage("language", language); err != nil {
				return err
			}
			return b.with(cmd.Context(), a, func(o *openBank) error {
				if u.Password, err = a.newPassword(cmd.Context(), file, "user "+plain(u.ID)); err != nil {
					return err
				}
				made, out, err := o.AddUser(cmd.Context(), o.by, u, "")
				if err := refusedAsError(out, err); err != nil {
					return err
				}
				return a.print(userResultOf(made), userHead+"\n"+userLine(made)+"\n")
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&u.Contract, "contract", "", "`ID` of the contract")
	f.StringVar(&role, "role", "user", "`ROLE` of the user: master (one per contract), admin or user")
	f.StringVar(&u.Name, "name", "", "`NAME` of the user")
	f.StringVar(&u.Email, "email", "", "e-mail `ADDRESS`")
	f.StringVar(&language, "language", "ja", "`LANGUAGE` of the pages: ja or en")
	f.StringVar(&file, "password-file", "", "`FILE` with the password; prompted for if omitted")
	cmd.MarkFlagRequired("contract")
	cmd.MarkFlagRequired("name")
	return cmd
}

func newUserListCmd(a *app, b *bankFlags) *cobra.Command {
	var contract string
	var limit int
	cmd := &cobra.Command{
		Use:     "list --contract CONTRACT",
		Short:   "List the users of a contract",
		Example: `  fob validator user list --contract C-1001 --db bank.db --key-file bank.key`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return b.with(cmd.Context(), a, func(o *openBank) error {
				return list(a, limit, userHead, func(p bank.Page) ([]bank.User, string, error) {
					return o.Users(cmd.Context(), o.by, contract, p)
				}, func(u bank.User) (any, string) { return userResultOf(u), userLine(u) })
			})
		},
	}
	cmd.Flags().StringVar(&contract, "contract", "", "`ID` of the contract")
	cmd.MarkFlagRequired("contract")
	limitFlag(cmd.Flags(), &limit)
	return cmd
}

func newUserChangeCmd(a *app, b *bankFlags) *cobra.Command {
	var role, name, email, language, file string
	var locked, unlock, ask bool
	cmd := &cobra.Command{
		Use:   "change USER",
		Short: "Change a user's role, name, password or lock",
		Long: `Change the values given by flags. A locked user cannot log in until
--locked=false.`,
		Example: `  fob validator user change alice --locked
  fob validator user change alice --password-file pw`,
		Args: oneArg("the ID of the user"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			given := cmd.Flags().Changed
			var c bank.UserChange
			if given("role") {
				r, err := parseRole(role)
				if err != nil {
					return err
				}
				c.Role = &r
			}
			if given("language") {
				l, err := parseLanguage("language", language)
				if err != nil {
					return err
				}
				c.Language = &l
			}
			point(given("name"), &c.Name, name)
			point(given("email"), &c.Email, email)
			point(given("locked"), &c.Locked, locked)
			c.UnlockActivation = unlock
			return b.with(cmd.Context(), a, func(o *openBank) error {
				if file != "" || ask {
					password, err := a.newPassword(cmd.Context(), file, "user "+plain(args[0]))
					if err != nil {
						return err
					}
					c.Password = &password
				}
				u, out, err := o.ChangeUser(cmd.Context(), o.by, args[0], c, "")
				if err := refusedAsError(out, err); err != nil {
					return err
				}
				return a.print(userResultOf(u), userHead+"\n"+userLine(u)+"\n")
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&role, "role", "", "`ROLE` of the user: master, admin or user")
	f.StringVar(&name, "name", "", "`NAME` of the user")
	f.StringVar(&email, "email", "", "e-mail `ADDRESS`")
	f.StringVar(&language, "language", "", "`LANGUAGE` of the pages: ja or en")
	f.BoolVar(&locked, "locked", false, "lock the account")
	f.BoolVar(&unlock, "unlock-activation", false, "clear the refused activations of the user")
	f.StringVar(&file, "password-file", "", "`FILE` with the new password")
	f.BoolVar(&ask, "ask-password", false, "prompt for a new password")
	cmd.MarkFlagsOneRequired("role", "name", "email", "language", "locked", "unlock-activation", "password-file", "ask-password")
	cmd.MarkFlagsMutuallyExclusive("password-file", "ask-password")
	return cmd
}

// point sets a pointer to a value if the flag for it was given.
func point[T any](given bool, to **T, value T) {
	if given {
		*to = &value
	}
}
