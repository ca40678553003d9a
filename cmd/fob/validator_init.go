// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/server"
	"github.com/d204ef64/fob/validator/store"
)

// initOptions are the flags of fob validator init.
type initOptions struct {
	settings     settingsFlags
	clerk        string
	clerkName    string
	passwordFile string
	keyOut       string
}

func newValidatorInitCmd(a *app, b *bankFlags) *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Create a bank",
		Long: `Create a bank in a new database, with its first clerk and an API key for
programs of the back office.

--key-file names the new file for the bank's key, which only you can read. Keep
a copy away from the database: without the key, no seed can be decrypted.
Without --key-file, fob prompts for a passphrase, now and at each start.

With --test-mode, create a test bank. Only a test bank can run with a test
clock.

The other flags are settings that the bank's rules leave open.`,
		Example: `  fob validator init --db bank.db --key-file bank.key --first-clerk tanaka
  fob validator init --db postgres://bank@db.example.com/bank --key-file k --first-clerk t`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, err := o.settings.settings()
			if err != nil {
				return err
			}
			return a.initBank(cmd.Context(), b, &o, settings)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.clerk, "first-clerk", "", "`ID` of the first clerk")
	f.StringVar(&o.clerkName, "first-clerk-name", "", "`NAME` of the first clerk; default: the ID")
	f.StringVar(&o.passwordFile, "password-file", "", "`FILE` with the first clerk's password; prompted for if omitted")
	f.StringVar(&o.keyOut, "api-key-out", "", "write the secret of the API key to the new `FILE`; default: print it")
	o.settings.add(f)
	cmd.MarkFlagRequired("first-clerk")
	return cmd
}

type initResult struct {
	Database string    `json:"database"`
	TestBank bool      `json:"test_bank"`
	KeyFile  string    `json:"key_file"` // "" if there is a passphrase
	Clerk    string    `json:"clerk"`
	Key      keyResult `json:"first_key"`
}

func (a *app) initBank(ctx context.Context, b *bankFlags, o *initOptions, settings validator.Settings) (err error) {
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
	if b.keyFile != "" {
		if _, err := os.Lstat(b.keyFile); err == nil {
			return usagef("key file %s exists: each bank has its own key: name a new file", b.keyFile)
		}
	}
	if err := mustBeNew(o.keyOut); err != nil {
		return err
	}
	password, err := a.newPassword(ctx, o.passwordFile, "clerk "+plain(o.clerk))
	if err != nil {
		return err
	}
	o.clerkName = cmp.Or(o.clerkName, o.clerk)
	if err := bank.CheckClerk(o.clerk, o.clerkName, password); err != nil {
		return err
	}
	m := making{database: b.displayName(), keyFile: b.keyFile}
	if _, err := os.Lstat(name); !sqldb.IsPostgres(name) && errors.Is(err, os.ErrNotExist) {
		m.file = name
	}
	defer func() { err = m.undo(err) }()
	db, err := store.Open(ctx, name, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := bank.KDF(ctx, db); !errors.Is(err, store.ErrNoBank) {
		if err != nil {
			return err
		}
		return usagef("database %s already contains a bank", b.displayName())
	}
	master, kdf, err := a.newMaster(ctx, b)
	if err != nil {
		return err
	}
	defer master.Destroy()
	m.keys = true
	if err := bank.Create(ctx, db, master, kdf, settings, b.options(clock)); err != nil {
		return err
	}
	m.bank = true
	return a.addFirstClerkAndKey(ctx, b, o, db, master, clock, password, &m)
}

// making records the progress of fob validator init.
type making struct {
	database string // name of the database in messages
	file     string // the new database; "" if it existed before
	keyFile  string // "" if there is none
	keyOut   string // the new file of the API key; "" if there is none yet
	keys     bool   // this command created keyFile
	bank     bool   // the database contains the bank
}

// undo removes everything that was created, after an error. It keeps a bank in an
// existing database, because the bank's rows cannot be distinguished from others.
func (m *making) undo(err error) error {
	switch {
	case err == nil:
		return nil
	case m.file == "" && m.bank:
		return fmt.Errorf("the bank was created, but not its first clerk or API key (use fob validator clerk add, key add): %w", err)
	}
	var files []string
	if m.keys {
		files = append(files, m.keyFile)
	}
	files = append(files, m.keyOut)
	if m.file != "" {
		files = append(files, m.file, m.file+"-wal", m.file+"-shm", m.file+"-journal")
	}
	var failed error
	for _, name := range files {
		if name == "" || name == "-" {
			continue
		}
		if e := os.Remove(name); !errors.Is(e, os.ErrNotExist) {
			failed = errors.Join(failed, e)
		}
	}
	if failed != nil {
		return errors.Join(err, fmt.Errorf("removing the incomplete bank: %w", failed))
	}
	if m.file == "" { // tables may be left
		return fmt.Errorf("no bank was created in database %s: %w", m.database, err)
	}
	return fmt.Errorf("no bank was created in database %s, and nothing is left behind: %w", m.database, err)
}

// newMaster creates the bank's key, in a file or from a passphrase.
func (a *app) newMaster(ctx context.Context, b *bankFlags) (m vault.Master, kdf string, err error) {
	if b.keyFile != "" {
		if m, err = bank.Realm.NewMaster(); err == nil {
			err = vault.WriteFile(b.keyFile, m)
		}
		return m, "", err
	}
	pass, err := a.askPassphrase(ctx, "new passphrase of the bank (12 to 1024 bytes)", true)
	if err != nil {
		return m, "", err
	}
	defer clear(pass)
	if kdf, err = vault.NewKDF(); err == nil {
		m, err = bank.Realm.MasterFromPassphrase(pass, kdf)
	}
	return m, kdf, err
}

// addFirstClerkAndKey adds the first clerk and API key.
func (a *app) addFirstClerkAndKey(ctx context.Context, b *bankFlags, o *initOptions, db *store.DB, m vault.Master, clock server.Clock, password string, made *making) error {
	opened, err := bank.Open(ctx, db, m, b.options(clock))
	if err != nil {
		return err
	}
	at := &openBank{Bank: opened, clock: clock, by: operator()}
	if err := at.AddClerk(ctx, at.by, o.clerk, o.clerkName, password); err != nil {
		return fmt.Errorf("adding the first clerk: %w", err)
	}
	key, err := a.addKey(ctx, at, bank.KeyClerk, "first key", o.keyOut)
	if err != nil {
		return fmt.Errorf("adding the first API key: %w", err)
	}
	made.keyOut = o.keyOut
	r := initResult{Database: b.displayName(), TestBank: b.testMode, KeyFile: b.keyFile, Clerk: o.clerk, Key: key}
	text := fmt.Sprintf("bank %s\nclerk %s\n%s", r.Database, r.Clerk, key.text())
	if r.TestBank {
		text += "test bank: not for customers\n"
	}
	if b.keyFile != "" {
		text += "bank key " + b.keyFile + ": keep a copy, apart from the database\n"
	}
	return a.print(r, text)
}
