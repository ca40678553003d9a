// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/store"
)

// backupResult is the output of backup and restore.
type backupResult struct {
	Database string `json:"database"`
	File     string `json:"file,omitempty"`
	Rows     int64  `json:"rows"`
}

func newValidatorBackupCmd(a *app, b *bankFlags) *cobra.Command {
	var out string
	var force bool
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Back up the bank",
		Long: `Write a consistent backup of the bank to a file that only you can read, while
servers run. A backup of either SQLite or PostgreSQL can be restored to both.

The seeds in a backup are encrypted, and the bank's key is not in it: store the
key file in another place. The backup contains names, addresses and password
hashes.

Do not copy the file of an SQLite database while a server runs: the newest
changes are in other files.`,
		Example: `  fob validator backup --db bank.db --key-file bank.key --out monday.backup`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return b.with(cmd.Context(), a, func(o *openBank) error {
				rows, err := a.backUp(cmd.Context(), o, out, force)
				if err != nil {
					return err
				}
				return a.print(backupResult{b.displayName(), out, rows}, fmt.Sprintf("%d rows in %s\n", rows, out))
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "write the backup to the new `FILE`")
	f.BoolVar(&force, "force", false, "replace an existing file")
	cmd.MarkFlagRequired("out")
	return cmd
}

// backUp writes a backup of an open bank to a file.
func (a *app) backUp(ctx context.Context, o *openBank, out string, force bool) (rows int64, err error) {
	file, err := a.create(out, force)
	if err != nil {
		return 0, err
	}
	show, end := a.counter("backing up, rows")
	rows, err = o.Backup(ctx, o.by, file, show)
	end()
	return rows, file.finish(err)
}

func newValidatorRestoreCmd(a *app, b *bankFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Restore a bank from a backup",
		Long: `Restore a backup to a new SQLite file or an empty PostgreSQL database, whichever
database it came from. The bank's key is the one from the time of the backup. A
truncated or changed backup is refused and leaves nothing behind. If the command
is killed, there is no bank: run it again.

A backup does not contain later events. For safety:
- Every code that a token may have shown until now counts as used. Users wait
  for the code after the next one.
- E-mails that were still to be sent are doubtful (see fob validator notice).
- All users are logged out.

Everything else is restored as it was. Before you let users in, repeat every
revocation, suspension, lock and ended key since the backup. Expiry notices that
were created since then are created again.`,
		Example: `  fob validator restore monday.backup --db new.db --key-file bank.key`,
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return b.restore(cmd.Context(), a, args[0])
		},
	}
}

func (b *bankFlags) restore(ctx context.Context, a *app, path string) error {
	name, err := b.name(ctx, a)
	if err != nil {
		return err
	}
	clock, err := b.clock()
	if err != nil {
		return err
	}
	if err := b.noClerk(); err != nil {
		return err
	}
	f, err := openWith(ctx, path, os.Open)
	if err != nil {
		return openError("reading the backup", path, err)
	}
	defer f.Close()
	in, end := a.progress(f, "restoring")
	defer end()
	backup, err := store.ReadBackup(in)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	end() // before prompting for a passphrase
	master, err := b.master(ctx, a, backup.KDF)
	if err != nil {
		return err
	}
	defer master.Destroy()
	show, done := a.counter("restoring, rows")
	rows, err := bank.Restore(ctx, name, backup, master, operator(), b.options(clock), show)
	done()
	if err != nil {
		return fmt.Errorf("restoring %s: %w", path, b.explain(err))
	}
	return a.print(backupResult{b.displayName(), path, rows}, fmt.Sprintf(
		"%d rows in %s, as of %s; check the audit log with fob validator audit verify\n",
		rows, b.displayName(), backup.Made.Time().UTC().Format(time.RFC3339)))
}

// migrateOptions are the flags of fob validator migrate.
type migrateOptions struct {
	backup   string
	noBackup bool
}

type migrateResult struct {
	Database string `json:"database"`
	From     int64  `json:"from_version"`
	To       int64  `json:"to_version"`
	Backup   string `json:"backup,omitempty"`
}

func newValidatorMigrateCmd(a *app, b *bankFlags) *cobra.Command {
	var o migrateOptions
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Update the database of an older fob",
		Long: `Update the tables of a bank that an older version of fob created. Stop the
servers first. A backup is written before the update, because an older version
cannot open the new tables.`,
		Example: `  fob validator migrate --db bank.db --key-file bank.key --backup before.backup`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return b.migrate(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.backup, "backup", "", "write the backup to the new `FILE`")
	f.BoolVar(&o.noBackup, "no-backup", false, "do not write a backup; the bank's key is then not needed")
	cmd.MarkFlagsMutuallyExclusive("backup", "no-backup")
	cmd.MarkFlagsOneRequired("backup", "no-backup")
	return cmd
}

func (b *bankFlags) migrate(ctx context.Context, a *app, o migrateOptions) error {
	name, err := b.name(ctx, a)
	if err != nil {
		return err
	}
	r := migrateResult{Database: b.displayName(), Backup: o.backup}
	if err := b.prepareMigration(ctx, a, name, o, &r); err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	if r.From == r.To {
		r.Backup = ""
		return a.print(r, fmt.Sprintf("%s is up to date: its tables have version %d\n", r.Database, r.To))
	}
	if err := store.Migrate(ctx, name); err != nil {
		return err
	}
	return a.print(r, fmt.Sprintf("%s: updated the tables from version %d to %d\n", r.Database, r.From, r.To))
}

// prepareMigration determines the versions of the tables, and writes the backup if they
// need to be changed.
func (b *bankFlags) prepareMigration(ctx context.Context, a *app, name string, o migrateOptions, r *migrateResult) error {
	db, from, to, err := store.OpenOutdated(ctx, name)
	if err != nil {
		return err
	}
	r.From, r.To = from, to
	if r.From < r.To && !o.noBackup {
		err = b.backUpOutdated(ctx, a, db, o.backup)
	}
	return errors.Join(err, db.Close())
}

// backUpOutdated writes a backup of a bank with the tables of an older version.
func (b *bankFlags) backUpOutdated(ctx context.Context, a *app, db *store.DB, out string) error {
	clock, err := b.clock()
	if err != nil {
		return err
	}
	kdf, err := bank.KDF(ctx, db)
	if err != nil {
		return err
	}
	master, err := b.master(ctx, a, kdf)
	if err != nil {
		return err
	}
	defer master.Destroy()
	opened, err := bank.Open(ctx, db, master, b.options(clock))
	if err != nil {
		return b.explain(err)
	}
	by, err := b.by(ctx, opened)
	if err != nil {
		return err
	}
	_, err = a.backUp(ctx, &openBank{Bank: opened, by: by}, out, false)
	return err
}
