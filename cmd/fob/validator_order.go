// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

func newValidatorOrderCmd(a *app, b *bankFlags) *cobra.Command {
	return group("order", "Manage orders for tokens and their fees",
		newOrderAddCmd(a, b), newOrderListCmd(a, b), newOrderShipCmd(a, b), newOrderCancelCmd(a, b))
}

func newOrderAddCmd(a *app, b *bankFlags) *cobra.Command {
	var n bank.NewOrder
	var cause, kind, old string
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Add an order for a token",
		Long: `Add the order of a paper application. The fee depends on the cause: the first
token of a contract is free, and so is the replacement of a token that failed by
itself and was returned. The token is posted to the contract's address.`,
		Example: `  fob validator order add --contract C-1001 --cause first
  fob validator order add --contract C-1001 --cause fault --old 2600124800001 --returned`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if n.Cause, err = oneOf("cause", cause, validator.OrderCauses()...); err != nil {
				return err
			}
			if n.Kind, err = oneOf("kind", kind, validator.Hardware, validator.Software); err != nil {
				return err
			}
			if n.Old, err = serialFlag(old); err != nil {
				return err
			}
			return b.with(cmd.Context(), a, func(o *openBank) error {
				order, out, err := o.Order(cmd.Context(), o.by, n)
				if err := refusedAsError(out, err); err != nil {
					return err
				}
				return a.print(orderResultOf(order), orderText(order))
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&n.Contract, "contract", "", "`ID` of the contract")
	f.StringVar(&cause, "cause", "", "`CAUSE` of the order: first, additional, loss, theft, damage or fault")
	f.StringVar(&old, "old", "", "`SERIAL` number of the token to replace")
	f.BoolVar(&n.Returned, "returned", false, "the old token was returned")
	f.StringVar(&kind, "kind", "hardware", "`KIND` of token: hardware, or software, which this bank does not offer")
	f.StringVar(&n.Address, "address", "", "`ADDRESS` on the form; it must be the contract's")
	cmd.MarkFlagRequired("contract")
	cmd.MarkFlagRequired("cause")
	return cmd
}

func orderText(o bank.Order) string {
	expected := ""
	if !o.From.IsZero() {
		expected = o.From.String() + " to " + o.To.String()
	}
	return fieldTable("order", o.ID, "contract", o.Contract, "cause", o.Cause.String(), "status", o.Status.String(),
		"fee", yen(o.Fee)+" ("+o.Rule.String()+")", "old token", o.Old.String(), "new token", o.New.String(),
		"address", o.Address, "applied", o.Applied.String(), "expected", expected)
}

func newOrderListCmd(a *app, b *bankFlags) *cobra.Command {
	var contract string
	var open bool
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List orders",
		Example: `  fob validator order list --open`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return b.with(cmd.Context(), a, func(o *openBank) error {
				return list(a, limit, orderHead, func(p bank.Page) ([]bank.Order, string, error) {
					return o.Orders(cmd.Context(), o.by, contract, open, p)
				}, func(o bank.Order) (any, string) { return orderResultOf(o), orderLine(o) })
			})
		},
	}
	cmd.Flags().StringVar(&contract, "contract", "", "only orders of the contract `ID`")
	cmd.Flags().BoolVar(&open, "open", false, "only orders that are neither shipped nor cancelled")
	limitFlag(cmd.Flags(), &limit)
	return cmd
}

func newOrderShipCmd(a *app, b *bankFlags) *cobra.Command {
	var serial string
	cmd := &cobra.Command{
		Use:     "ship ORDER --serial SERIAL",
		Short:   "Ship a token of the inventory for an order",
		Example: `  fob validator order ship 01K --serial 2600124800001`,
		Args:    oneArg("the ID of the order"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := token.ParseSerial(serial)
			if err != nil {
				return err
			}
			return b.with(cmd.Context(), a, func(o *openBank) error {
				order, err := o.Ship(cmd.Context(), o.by, args[0], s)
				if err != nil {
					return err
				}
				return a.print(orderResultOf(order), orderText(order))
			})
		},
	}
	cmd.Flags().StringVar(&serial, "serial", "", "`SERIAL` number of the token")
	cmd.MarkFlagRequired("serial")
	return cmd
}

func newOrderCancelCmd(a *app, b *bankFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "cancel ORDER",
		Short:   "Cancel an order that has not been shipped",
		Example: `  fob validator order cancel 01K`,
		Args:    oneArg("the ID of the order"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return b.with(cmd.Context(), a, func(o *openBank) error {
				order, err := o.CancelOrder(cmd.Context(), o.by, args[0])
				if err != nil {
					return err
				}
				return a.print(orderResultOf(order), orderText(order))
			})
		},
	}
}
