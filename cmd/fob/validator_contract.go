// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/validator/bank"
)

func newValidatorContractCmd(a *app, b *bankFlags) *cobra.Command {
	return group("contract", "Manage contracts: customers with an address, users and tokens",
		newContractAddCmd(a, b), newContractListCmd(a, b), newContractShowCmd(a, b), newContractChangeCmd(a, b))
}

// contractFlags adds the flags for the data of a contract.
func contractFlags(f *pflag.FlagSet, c *bank.Contract, language *string) {
	f.StringVar(&c.Name, "name", "", "customer `NAME`")
	f.StringVar(&c.Address, "address", "", "`ADDRESS` to which tokens are posted")
	f.StringVar(&c.Email, "email", "", "e-mail `ADDRESS` for notices")
	f.StringVar(language, "language", "ja", "`LANGUAGE` of notices: ja or en")
}

// parseLanguage parses the value of a language flag.
func parseLanguage(flag, text string) (bank.Language, error) {
	switch l := bank.Language(text); l {
	case bank.Japanese, bank.English:
		return l, nil
	}
	return "", usagef("--%s %q: want ja or en", flag, text)
}

func newContractAddCmd(a *app, b *bankFlags) *cobra.Command {
	var c bank.Contract
	var language string
	cmd := &cobra.Command{
		Use:   "add CONTRACT",
		Short: "Add a contract",
		Example: `  fob validator contract add C-1001 --name Example --address Tokyo --email a@example.com
  fob validator contract add C-1002 --name X --address Y --email x@example.com --language en`,
		Args: oneArg("the ID of the contract"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			c.ID = args[0]
			if c.Language, err = parseLanguage("language", language); err != nil {
				return err
			}
			return b.with(cmd.Context(), a, func(o *openBank) error {
				made, err := o.AddContract(cmd.Context(), o.by, c)
				if err != nil {
					return err
				}
				return a.print(contractResultOf(made), contractHead+"\n"+contractLine(made)+"\n")
			})
		},
	}
	contractFlags(cmd.Flags(), &c, &language)
	for _, flag := range []string{"name", "address", "email"} {
		cmd.MarkFlagRequired(flag)
	}
	return cmd
}

func newContractListCmd(a *app, b *bankFlags) *cobra.Command {
	var find string
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List contracts",
		Example: `  fob validator contract list --find Example`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return b.with(cmd.Context(), a, func(o *openBank) error {
				return list(a, limit, contractHead, func(p bank.Page) ([]bank.Contract, string, error) {
					return o.Contracts(cmd.Context(), o.by, find, p)
				}, func(c bank.Contract) (any, string) { return contractResultOf(c), contractLine(c) })
			})
		},
	}
	cmd.Flags().StringVar(&find, "find", "", "only contracts with `TEXT` in the ID or name")
	limitFlag(cmd.Flags(), &limit)
	return cmd
}

func newContractShowCmd(a *app, b *bankFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "show CONTRACT",
		Short:   "Show a contract",
		Example: `  fob validator contract show C-1001`,
		Args:    oneArg("the ID of the contract"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return b.with(cmd.Context(), a, func(o *openBank) error {
				c, err := o.Contract(cmd.Context(), o.by, args[0])
				if err != nil {
					return err
				}
				return a.print(contractResultOf(c), fieldTable(
					"contract", c.ID, "name", c.Name, "address", c.Address, "e-mail", c.Email, "language", string(c.Language),
					"free token", yesNo(c.HadFree), "created", tableTime(c.Created)))
			})
		},
	}
}

func newContractChangeCmd(a *app, b *bankFlags) *cobra.Command {
	var c bank.Contract
	var language string
	cmd := &cobra.Command{
		Use:     "change CONTRACT",
		Short:   "Change a contract",
		Long:    "Change the values given by flags.",
		Example: `  fob validator contract change C-1001 --address Osaka`,
		Args:    oneArg("the ID of the contract"),
		RunE: func(cmd *cobra.Command, args []string) error {
			given := cmd.Flags().Changed
			return b.with(cmd.Context(), a, func(o *openBank) error {
				return changeContract(cmd.Context(), a, o, args[0], func(old *bank.Contract) (err error) {
					set(given("name"), &old.Name, c.Name)
					set(given("address"), &old.Address, c.Address)
					set(given("email"), &old.Email, c.Email)
					if given("language") {
						old.Language, err = parseLanguage("language", language)
					}
					return err
				})
			})
		},
	}
	contractFlags(cmd.Flags(), &c, &language)
	cmd.MarkFlagsOneRequired("name", "address", "email", "language")
	return cmd
}

func changeContract(ctx context.Context, a *app, o *openBank, id string, change func(*bank.Contract) error) error {
	c, err := o.Contract(ctx, o.by, id)
	if err != nil {
		return err
	}
	if err := change(&c); err != nil {
		return err
	}
	if c, err = o.ChangeContract(ctx, o.by, c); err != nil {
		return err
	}
	return a.print(contractResultOf(c), contractHead+"\n"+contractLine(c)+"\n")
}

// set sets a value if the flag for it was given.
func set[T any](given bool, to *T, value T) {
	if given {
		*to = value
	}
}
