// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/server"
	"github.com/d204ef64/fob/validator/store"
)

// bankFlags are the flags of all commands that open the bank's database.
type bankFlags struct {
	databaseFlags
	keyFile  string
	clerk    string
	testMode bool
	realBank bool
	at       string

	observer bank.Observer // set by a server
	followed server.Clock  // the same: the clock of a fleet, or nil
}

func (b *bankFlags) add(f *pflag.FlagSet) {
	b.databaseFlags.add(f, "database `DB`: an SQLite file, or postgres://USER@HOST/NAME")
	f.StringVar(&b.keyFile, "key-file", "", "`FILE` with the bank's key; a passphrase is prompted for if omitted")
	f.StringVar(&b.clerk, "clerk", "", "act as the clerk `ID` in the audit log; default: the system's user")
	f.BoolVar(&b.testMode, "test-mode", false, "for tests only: allow --at, with a bank that init --test-mode created")
	f.BoolVar(&b.realBank, "test-mode-on-real-bank", false, "with --test-mode, accept a bank that is not a test bank; its audit log keeps the records of the test")
	f.StringVar(&b.at, "at", "", "with --test-mode, set the bank's clock to `TIME`: RFC 3339 or @UNIXSECONDS")
}

// clock returns the clock of the bank.
func (b *bankFlags) clock() (server.Clock, error) {
	if b.realBank && !b.testMode {
		return nil, usagef("--test-mode-on-real-bank needs --test-mode")
	}
	if b.followed != nil {
		return b.followed, nil
	}
	if b.at == "" {
		return server.SystemClock{}, nil
	}
	if !b.testMode {
		return nil, usagef("--at is for tests: it needs --test-mode")
	}
	t, err := parseTime(b.at, time.Now())
	if err != nil {
		return nil, err
	}
	return server.NewManualClock(token.UnixSeconds(t.Unix())), nil
}

// options returns the options for opening or creating the bank.
func (b *bankFlags) options(c server.Clock) bank.Options {
	return bank.Options{Clock: c, TestMode: b.testMode, OnRealBank: b.realBank, TestClock: b.at != "" || b.followed != nil, Observer: b.observer}
}

// explain adds a hint to the error about a bank that is not for tests.
func (b *bankFlags) explain(err error) error {
	if errors.Is(err, bank.ErrRealBank) {
		return fmt.Errorf("database %s, --test-mode: %w: make one with fob validator init --test-mode, "+
			"or add --test-mode-on-real-bank if its audit log may keep the records of the test", b.displayName(), err)
	}
	return err
}

const warnRealBank = "test mode on a real bank: its audit log keeps the records of the test"

// warnings returns warnings about the mode and the clock of the bank.
func (o *openBank) warnings(ctx context.Context, testMode bool) ([]string, error) {
	list := []string{}
	switch {
	case testMode && !o.Test():
		list = append(list, warnRealBank)
	case !testMode && o.Test():
		list = append(list, "this is a test bank (fob validator init --test-mode): do not let customers in")
	}
	if o.Test() {
		return list, nil
	}
	newest, err := o.NewestRecord(ctx)
	if err == nil && newest > o.Now() {
		list = append(list, fmt.Sprintf("the audit log has records of %s, and the clock shows %s: the clock went back, or a test set it",
			newest.Time().UTC().Format(time.RFC3339), o.Now().Time().UTC().Format(time.RFC3339)))
	}
	return list, err
}

// master returns the key that decrypts the data keys. kdf contains the parameters for
// deriving it from a passphrase, or is "" if the bank was created with a key file.
func (b *bankFlags) master(ctx context.Context, a *app, kdf string) (vault.Master, error) {
	switch {
	case b.keyFile != "":
		return bank.Realm.ReadFile(b.keyFile)
	case kdf == "":
		return vault.Master{}, usagef("this bank's key is in a file: name it with --key-file")
	}
	pass, err := a.askPassphrase(ctx, "passphrase of the bank", false)
	if err != nil {
		return vault.Master{}, err
	}
	defer clear(pass)
	return bank.Realm.MasterFromPassphrase(pass, kdf)
}

// askPassphrase prompts for the passphrase of a bank without a key file. It cannot be
// read from a file, because a key file would serve as well.
func (a *app) askPassphrase(ctx context.Context, what string, twice bool) ([]byte, error) {
	return a.askOr(ctx, what, "run this on a terminal; a bank with a key file (--key-file) has no passphrase", twice)
}

// openBank is an open bank with the data that commands need.
type openBank struct {
	*bank.Bank
	db     *store.DB
	master vault.Master
	clock  server.Clock
	by     bank.By
}

// open opens the database and the bank in it. The caller must close it.
func (b *bankFlags) open(ctx context.Context, a *app) (_ *openBank, err error) {
	name, err := b.name(ctx, a)
	if err != nil {
		return nil, err
	}
	o := &openBank{}
	if o.clock, err = b.clock(); err != nil {
		return nil, err
	}
	if o.db, err = store.Open(ctx, name, false); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.Close())
		}
	}()
	kdf, err := bank.KDF(ctx, o.db)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", b.displayName(), err)
	}
	if o.master, err = b.master(ctx, a, kdf); err != nil {
		return nil, err
	}
	if o.Bank, err = bank.Open(ctx, o.db, o.master, b.options(o.clock)); err != nil {
		return nil, b.explain(err)
	}
	if b.testMode && !o.Test() {
		a.warnf("database %s: %s", b.displayName(), warnRealBank)
	}
	if o.by, err = b.by(ctx, o.Bank); err != nil {
		return nil, err
	}
	return o, nil
}

// by returns the user of the command: the clerk given by --clerk, who must exist, or
// the operator.
func (b *bankFlags) by(ctx context.Context, opened *bank.Bank) (bank.By, error) {
	if b.clerk == "" {
		return operator(), nil
	}
	if err := opened.KnownClerk(ctx, b.clerk); err != nil {
		return bank.By{}, fmt.Errorf("--clerk %s: %w: add one (fob validator clerk add), or omit the flag", plain(b.clerk), err)
	}
	by := operator()
	by.Operator, by.Clerk = false, b.clerk
	return by, nil
}

// noClerk rejects --clerk for a command that creates a bank, which has no clerks yet.
func (b *bankFlags) noClerk() error {
	if b.clerk != "" {
		return usagef("--clerk: a new bank has no clerks: omit the flag")
	}
	return nil
}

// operator identifies the person who has the database and its key. Without a clerk's
// account, the audit log records their user name in the operating system.
func operator() bank.By {
	by := bank.By{Operator: true, Channel: bank.ChannelCommand, Source: fmt.Sprintf("uid %d", os.Getuid())}
	if u, err := user.Current(); err == nil && u.Username != "" {
		by.Source = u.Username
	}
	return by
}

// Close closes the database and erases the key.
func (o *openBank) Close() error {
	defer o.master.Destroy()
	return o.db.Close()
}

// time returns the bank's time.
func (o *openBank) time() time.Time { return time.Unix(int64(o.Now()), 0) }

// with opens the bank, calls use, and closes it.
func (b *bankFlags) with(ctx context.Context, a *app, use func(*openBank) error) (err error) {
	o, err := b.open(ctx, a)
	if err != nil {
		return err
	}
	defer func() {
		if e := o.Close(); err == nil {
			err = e
		}
	}()
	return use(o)
}

// refusedError is a refusal by a rule of the bank.
type refusedError struct{ out bank.Outcome }

func (e refusedError) Error() string {
	if v := e.out.Verdict; v.Rule.Valid() {
		return fmt.Sprintf("the bank refuses: %v (%v)", v.Reason, v.Rule)
	}
	return "the bank refuses: the code is " + e.out.Answer.String() + "; the audit log has the reason (fob validator audit list)"
}

func (e refusedError) ErrorClass() errclass.Class { return errclass.Refused }

// refusedAsError returns an error if the operation failed or the bank refused it.
func refusedAsError(out bank.Outcome, err error) error {
	if err == nil && !out.Done {
		return refusedError{out}
	}
	return err
}
