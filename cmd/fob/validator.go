// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"
)

func newValidatorCmd(a *app) *cobra.Command {
	var b bankFlags
	cmd := &cobra.Command{
		Use:   "validator",
		Short: "Run and administer the reference validation server, the bank",
		Long: `Run and administer the reference validation server, a bank with contracts,
users, tokens, orders, expiry notices and an audit log that reveals any edit.
The commands work directly on the database, also while servers run.

--db is an SQLite file, or postgres://USER@HOST/NAME for several servers on one
database. The PostgreSQL password comes from ~/.pgpass, from the file in
PGPASSFILE, or from an address in a file (--db-file), never from an argument.

The seeds in the database are encrypted with the bank's key. The key is in a
file (--key-file), or derived from a passphrase that fob prompts for.

Tables show the time in Japan, and --json shows UTC. The exit code is 4 if the
bank's rules refuse a command, and 3 if the database does not answer.`,
		Example: `  fob validator init --db bank.db --key-file bank.key --first-clerk tanaka
  fob validator serve --db bank.db --key-file bank.key`,
		Args: subCommand,
		RunE: help,
	}
	b.add(cmd.PersistentFlags())
	cmd.AddCommand(newValidatorInitCmd(a, &b), newValidatorServeCmd(a, &b), newValidatorContractCmd(a, &b),
		newValidatorUserCmd(a, &b), newValidatorClerkCmd(a, &b), newValidatorKeyCmd(a, &b),
		newValidatorTokenCmd(a, &b), newValidatorImportCmd(a, &b), newValidatorOrderCmd(a, &b),
		newValidatorNoticeCmd(a, &b), newValidatorAuditCmd(a, &b), newValidatorRotateCmd(a, &b),
		newValidatorBackupCmd(a, &b), newValidatorRestoreCmd(a, &b), newValidatorMigrateCmd(a, &b),
		newValidatorBenchCmd(a, &b))
	return cmd
}

// group returns a command that only has sub-commands.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: subCommand, RunE: help}
	cmd.AddCommand(subs...)
	return cmd
}
