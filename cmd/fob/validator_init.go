// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/server"
	"github.com/d204ef64/fob/validator/store"
	"github.com/d204ef64/fob/validator/vault"
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
		Short: "Make a bank: database, key file, first clerk, first API key",
		Long: `Makes a bank in a new database, with its first clerk and an API key for programs
of the desk.

--key-file names the new file for the bank's key, which only you can read. Keep
a copy away from the database: without it no seed can be read again. Without
--key-file a passphrase is asked for instead, now and at each start.

With --test-mode it is a test bank: only such a bank can be served with a test's
clock.

What the bank's text leaves to the bank is settled here; the defaults are the
customary ones.`,
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
	f.StringVar(&o.clerkName, "first-clerk-name", "", "his `NAME`; default: his ID")
	f.StringVar(&o.passwordFile, "password-file", "", "`FILE` with his password; without, a terminal is asked")
	f.StringVar(&o.keyOut, "api-key-out", "", "new `FILE` for the secret of the API key; default: it is printed")
	o.settings.add(f)
	cmd.MarkFlagRequired("first-clerk")
	return cmd
}

type initResult struct {
	Database string    `json:"database"`
	TestBank bool      `json:"test_bank"`
	KeyFile  string    `json:"key_file"` // "" is a passphrase
	Clerk    string    `json:"clerk"`
	Key      keyResult `json:"api_key"`
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
			return usagef("key file %s exists: a bank has a key of its own, name a new file", b.keyFile)
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
	fresh := !store.IsPostgres(name)
	if fresh {
		_, err := os.Lstat(name)
		fresh = errors.Is(err, os.ErrNotExist)
	}
	made := false
	defer func() {
		if err != nil && fresh && !made { // nothing is in it
			for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
				_ = os.Remove(name + suffix)
			}
		}
	}()
	db, err := store.Open(ctx, name, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := bank.KDF(ctx, db); !errors.Is(err, store.ErrNoBank) {
		if err != nil {
			return err
		}
		return usagef("database %s: there is a bank in it already", b.said())
	}
	master, kdf, err := a.newMaster(ctx, b)
	if err != nil {
		return err
	}
	defer master.Destroy()
	if err := bank.Create(ctx, db, master, kdf, settings, b.options(clock)); err != nil {
		if b.keyFile != "" {
			err = errors.Join(err, os.Remove(b.keyFile))
		}
		return err
	}
	made = true
	return a.firstOnes(ctx, b, o, db, master, clock, password)
}

// newMaster makes the bank's key, in its file or of a passphrase.
func (a *app) newMaster(ctx context.Context, b *bankFlags) (m vault.Master, kdf string, err error) {
	if b.keyFile != "" {
		if m, err = vault.NewMaster(); err == nil {
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
		m, err = vault.MasterFromPassphrase(pass, kdf)
	}
	return m, kdf, err
}

// firstOnes adds the first clerk and API key.
func (a *app) firstOnes(ctx context.Context, b *bankFlags, o *initOptions, db *store.DB, m vault.Master, clock server.Clock, password string) error {
	opened, err := bank.Open(ctx, db, m, b.options(clock))
	if err != nil {
		return err
	}
	at := &openBank{Bank: opened, clock: clock, by: operator()}
	if err := at.AddClerk(ctx, at.by, o.clerk, o.clerkName, password); err != nil {
		return fmt.Errorf("the bank is made, but not its clerk (fob validator clerk add): %w", err)
	}
	key, err := a.addKey(ctx, at, bank.KeyClerk, "first key", o.keyOut)
	if err != nil {
		return fmt.Errorf("the bank is made, but not its API key (fob validator key add): %w", err)
	}
	r := initResult{Database: b.said(), TestBank: b.testMode, KeyFile: b.keyFile, Clerk: o.clerk, Key: key}
	text := fmt.Sprintf("bank %s\nclerk %s\n%s", r.Database, r.Clerk, key.text())
	if r.TestBank {
		text += "test bank: not for customers\n"
	}
	if b.keyFile != "" {
		text += "bank key " + b.keyFile + ": keep a copy, apart from the database\n"
	}
	return a.print(r, text)
}
