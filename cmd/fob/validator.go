// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"
)

func newValidatorCmd(a *app) *cobra.Command {
	var b bankFlags
	cmd := &cobra.Command{
		Use:   "validator",
		Short: "The bank: a reference server that checks codes by a bank's rules",
		Long: `Runs and administers the reference validation server: contracts, their users,
the tokens that they share, orders, expiry notices, and an audit log that shows
any edit. The commands work on the database themselves, also while servers run.

--db is a file of SQLite, or postgres://USER@HOST/NAME for several servers on
one database; its password comes from ~/.pgpass, from the file that PGPASSFILE
names, or from an address in a file (--db-file), never from an argument.

The seeds in the database are sealed. What opens them is a key file, or where
none is named a passphrase, which is asked for on the terminal.

Times in tables are those of Japan; with --json they are UTC.

Exit code 4 is a refusal by the bank's rules; 3 a database that does not answer.`,
		Args: subCommand,
		RunE: help,
	}
	b.add(cmd.PersistentFlags())
	cmd.AddCommand(newValidatorInitCmd(a, &b), newValidatorServeCmd(a, &b), newValidatorContractCmd(a, &b),
		newValidatorUserCmd(a, &b), newValidatorClerkCmd(a, &b), newValidatorKeyCmd(a, &b),
		newValidatorTokenCmd(a, &b), newValidatorImportCmd(a, &b), newValidatorOrderCmd(a, &b),
		newValidatorNoticeCmd(a, &b), newValidatorAuditCmd(a, &b), newValidatorRotateCmd(a, &b),
		newValidatorBackupCmd(a, &b), newValidatorRestoreCmd(a, &b), newValidatorMigrateCmd(a, &b),
		newValidatorBenchCmd(a, &b), newValidatorCasesCmd(a, &b))
	return cmd
}

// group returns a command that only has sub-commands.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: subCommand, RunE: help}
	cmd.AddCommand(subs...)
	return cmd
}
