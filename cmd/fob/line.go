// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/spf13/cobra"

func newLineCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "line",
		Short: "Make tokens on a provisioning line",
		Long:  `Make tokens on a provisioning line: docs/line.md describes it.`,
		Example: `  fob line order new --out order.yaml
  fob line order sign order.yaml --key ~/.ssh/id_ed25519 --name tanaka@example.com
  fob line run --order order.yaml --allowed-signers allowed_signers
  fob line simulate
  fob line show --journal line.db
  fob line export --journal line.db --out delivery`,
		Args: subCommand,
		RunE: help,
	}
	cmd.AddCommand(newLineOrderCmd(a), newLineRunCmd(a), newLineResumeCmd(a), newLineSimulateCmd(a), newLineBenchCmd(a), newLineExportCmd(a), newLineAckCmd(a), newLineLabelCmd(a), newLineShowCmd(a), newLineAuditCmd(a), newLineReleaseCmd(a))
	return cmd
}
