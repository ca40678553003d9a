// SPDX-License-Identifier: Apache-2.0

// Package banktest creates banks for tests, with a real database, a manual clock,
// contracts, users and tokens.
//
//	banktest.Each(t, func(t *testing.T, d *banktest.Harness) { … }) // SQLite and PostgreSQL
//	d := banktest.New(t, banktest.SQLite(t))
//	d.Contract("c1")
//	d.User("c1", "alice", validator.Master)
//	serial := d.Issued("c1")
//	d.Activate("alice", serial)
//	out := d.Transfer("alice", d.Code(serial, 0))
//
// Codes come from github.com/pquerna/otp, an independent implementation.
package banktest

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/store"
)

// Start is the initial time of a [Harness]'s clock: noon of 1 April 2026 in Japan.
const Start token.UnixSeconds = 1775012400

// Password is the password of all users and clerks.
const Password = "correct horse battery"

// Expires is the date on the back label of the tokens of a [Harness].
var Expires = mustDate(2031, 3, 31)

// Harness is a bank with methods for the steps of tests.
type Harness struct {
	T        testing.TB
	Bank     *bank.Bank
	Clock    *bank.ManualClock
	DB       *store.DB
	Name     string       // of the database
	Master   vault.Master // the master key
	Settings validator.Settings

	made int
}

// Clerk is the clerk who makes the requests of a [Harness].
var Clerk = bank.By{Clerk: "desk", Channel: bank.ChannelCommand}

// SQLite returns the name of a new SQLite file.
func SQLite(t testing.TB) string { return filepath.Join(t.TempDir(), "bank.db") }

// tables creates an SQLite file with the tables but without a bank, once. Copying it
// takes a tenth of the time of creating the tables.
var tables = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "banktest")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	name := filepath.Join(dir, "bank.db")
	db, err := store.Open(context.Background(), name, true)
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil { // moves the write-ahead log into the file
		return nil, err
	}
	return os.ReadFile(name)
})

// Empty creates a database with the tables but without a bank.
func Empty(t testing.TB, database string) *store.DB {
	t.Helper()
	if !strings.HasPrefix(database, "postgres") {
		made, err := tables()
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(database, made, 0o600))
	}
	db, err := store.Open(t.Context(), database, true)
	require.NoError(t, err)
	return db
}

// Each runs a test on SQLite and on PostgreSQL.
func Each(t *testing.T, test func(t *testing.T, d *Harness)) {
	pgtest.Each(t, func(t *testing.T, name string) { test(t, New(t, name)) })
}

// New creates a bank in a database, with [validator.DefaultSettings] modified by
// change.
func New(t testing.TB, database string, change ...func(*validator.Settings)) *Harness {
	t.Helper()
	d := &Harness{T: t, Clock: bank.NewManualClock(Start), Name: database, Settings: validator.DefaultSettings()}
	for _, c := range change {
		c(&d.Settings)
	}
	var err error
	d.Master, err = bank.Realm.NewMaster()
	require.NoError(t, err)
	d.DB = Empty(t, database)
	require.NoError(t, bank.Create(t.Context(), d.DB, d.Master, "", d.Settings, bank.Options{Clock: d.Clock}))
	d.open()
	t.Cleanup(func() { require.NoError(t, d.DB.Close()) })
	return d
}

func (d *Harness) open() {
	var err error
	d.Bank, err = bank.Open(d.T.Context(), d.DB, d.Master, bank.Options{Clock: d.Clock, InsecureCheapPasswords: true})
	require.NoError(d.T, err)
}

// Restart closes the bank and opens it again.
func (d *Harness) Restart() {
	d.T.Helper()
	require.NoError(d.T, d.DB.Close())
	var err error
	d.DB, err = store.Open(d.T.Context(), d.Name, false)
	require.NoError(d.T, err)
	d.open()
}

// By returns the origin of a user's request on a page.
func By(user string) bank.By {
	return bank.By{User: user, Channel: bank.ChannelPage, Source: "192.0.2.1"}
}

func (d *Harness) ctx() context.Context { return d.T.Context() }

// Contract adds a contract.
func (d *Harness) Contract(id string) bank.Contract {
	d.T.Helper()
	c, err := d.Bank.AddContract(d.ctx(), Clerk, bank.Contract{
		ID: id, Name: "株式会社 " + id, Address: "東京都千代田区丸の内1-1-1", Email: id + "@example.com", Language: bank.Japanese,
	})
	require.NoError(d.T, err)
	return c
}

// User adds a user.
func (d *Harness) User(contract, id string, role validator.Role) bank.User {
	d.T.Helper()
	u, out, err := d.Bank.AddUser(d.ctx(), Clerk, bank.NewUser{
		ID: id, Contract: contract, Role: role, Name: "利用者 " + id, Email: id + "@example.com", Password: Password,
	}, "")
	require.NoError(d.T, err)
	require.True(d.T, out.Done)
	return u
}

// Seed returns the seed of the n-th token: 20 bytes, different for each token.
func Seed(n int) []byte {
	b := []byte("12345678901234567890")
	binary.BigEndian.PutUint32(b, uint32(n))
	return b
}

// Serial returns the serial number of the n-th token.
func Serial(n int) token.Serial {
	s, err := token.ParseSerial(fmt.Sprintf("%012d", 100_000_000_000+int64(n)))
	if err != nil {
		panic(err)
	}
	return s
}

// records implements the reader of a seed file without a file.
type records struct {
	list []seedfile.Record
	at   int
}

func (r *records) Read() (seedfile.Record, error) {
	if r.at == len(r.list) {
		return seedfile.Record{}, io.EOF
	}
	r.at++
	return r.list[r.at-1], nil
}

func (r *records) Line() int { return r.at }

// Records returns a reader of records.
func Records(list ...seedfile.Record) seedfile.Reader { return &records{list: list} }

// Record returns the record of the n-th token, as in a seed file: SHA-1, 6 digits, 60
// s, valid until [Expires].
func Record(n int) seedfile.Record {
	seed, err := token.NewSeed(Seed(n))
	if err != nil {
		panic(err)
	}
	return seedfile.Record{
		Serial: Serial(n), Seed: seed, Digits: 6, Step: 60, Manufacturer: "fob",
		Device: seedfile.Validity{Expiry: Expires.Ends(token.Tokyo()).Add(-time.Second)},
	}
}

// Import imports n tokens, modified by change, and returns their serial numbers.
func (d *Harness) Import(contract string, n int, change ...func(*seedfile.Record)) []token.Serial {
	d.T.Helper()
	list := make([]seedfile.Record, n)
	serials := make([]token.Serial, n)
	for i := range list {
		list[i] = Record(d.made)
		d.made++
		for _, c := range change {
			c(&list[i])
		}
		serials[i] = list[i].Serial
	}
	report, err := d.Bank.Import(d.ctx(), Clerk, Records(list...), bank.ImportOptions{Contract: contract})
	require.NoError(d.T, err)
	require.Equal(d.T, n, report.Tokens)
	return serials
}

// Inventory imports one token into the inventory.
func (d *Harness) Inventory() token.Serial { d.T.Helper(); return d.Import("", 1)[0] }

// Issued imports one token that is issued to a contract.
func (d *Harness) Issued(contract string) token.Serial { d.T.Helper(); return d.Import(contract, 1)[0] }

// Code returns the code that a token of [Record] shows a number of steps from now.
func (d *Harness) Code(serial token.Serial, steps int) string {
	d.T.Helper()
	return CodeAt(d.T, serial, d.Clock.Now()+60*token.UnixSeconds(steps))
}

// CodeAt returns the code that a token of [Record] shows at an instant.
func CodeAt(t testing.TB, serial token.Serial, at token.UnixSeconds) string {
	t.Helper()
	var n int64
	_, err := fmt.Sscanf(serial.String(), "%d", &n)
	require.NoError(t, err)
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(Seed(int(n - 100_000_000_000)))
	code, err := totp.GenerateCodeCustom(secret, time.Unix(int64(at), 0), totp.ValidateOpts{
		Period: 60, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
	})
	require.NoError(t, err)
	return code
}

// SeedHex returns the seed of the n-th token in the format of oathtool.
func SeedHex(n int) string { return hex.EncodeToString(Seed(n)) }

// WrongCode returns a code that a token does not show in any step that a check or a
// resynchronisation would search now.
func (d *Harness) WrongCode(serial token.Serial) string {
	d.T.Helper()
	return WrongCodeAt(d.T, serial, d.Clock.Now(), 800)
}

// WrongCodeAt returns a code that a token does not show within a number of steps before
// and after an instant.
func WrongCodeAt(t testing.TB, serial token.Serial, at token.UnixSeconds, steps int) string {
	t.Helper()
	shown := map[string]bool{}
	for i := -steps; i <= steps; i++ {
		shown[CodeAt(t, serial, at+60*token.UnixSeconds(i))] = true
	}
	for i := 0; ; i++ {
		if code := fmt.Sprintf("%06d", i); !shown[code] {
			return code
		}
	}
}

// Step moves the clock by a number of 60 s steps.
func (d *Harness) Step(n int) { d.Clock.Advance(60 * token.UnixSeconds(n)) }

// Activate registers a token for a user, and moves the clock to its next code.
func (d *Harness) Activate(user string, serial token.Serial) {
	d.T.Helper()
	out, err := d.Bank.Activate(d.ctx(), By(user), serial, d.Code(serial, 0))
	require.NoError(d.T, err)
	require.True(d.T, out.Done, "%v", out)
	d.Step(1)
}

// Transfer enters a code for a transfer.
func (d *Harness) Transfer(user, code string) bank.Outcome {
	d.T.Helper()
	out, err := d.Bank.Do(d.ctx(), By(user), bank.Request{Operation: validator.OpTransfer, Code: code})
	require.NoError(d.T, err)
	return out
}

// Suspend enters wrong codes for a user until the token is suspended.
func (d *Harness) Suspend(user string, serial token.Serial) {
	d.T.Helper()
	for range d.Settings.LockoutThreshold {
		require.False(d.T, d.Transfer(user, d.WrongCode(serial)).Done)
	}
	t, err := d.Bank.Token(d.ctx(), Clerk, serial)
	require.NoError(d.T, err)
	require.True(d.T, t.State.Suspended)
}

// LastAudit returns the newest record of the audit log about a token.
func (d *Harness) LastAudit(serial token.Serial) bank.Record {
	d.T.Helper()
	list, _, err := d.Bank.Audit(d.ctx(), Clerk, bank.AuditFilter{Serial: serial.String(), Page: bank.Page{Limit: 1}})
	require.NoError(d.T, err)
	require.NotEmpty(d.T, list)
	return list[0]
}

func mustDate(year, month, day int) token.Expiry {
	e, err := token.NewExpiry(year, month, day)
	if err != nil {
		panic(err)
	}
	return e
}
