// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"bytes"
	"context"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/store"
)

// encodingsOf returns the encodings in which a secret could appear in a file.
func encodingsOf(secret []byte) map[string][]byte {
	h := hex.EncodeToString(secret)
	return map[string][]byte{
		"raw":         secret,
		"hex":         []byte(h),
		"HEX":         []byte(strings.ToUpper(h)),
		"base32":      []byte(strings.TrimRight(base32.StdEncoding.EncodeToString(secret), "=")),
		"base64":      []byte(base64.RawStdEncoding.EncodeToString(secret)),
		"base64url":   []byte(base64.RawURLEncoding.EncodeToString(secret)),
		"go's bytes":  []byte(strings.Trim(fmt.Sprint(secret), "[]")),
		"go's bytes#": []byte(strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", secret), "[]byte{"), "}")),
	}
}

// requireAbsent requires that content includes none of the secrets in any form.
func requireAbsent(t *testing.T, where string, content []byte, secrets map[string][]byte) {
	t.Helper()
	for name, secret := range secrets {
		for form, b := range encodingsOf(secret) {
			if bytes.Contains(content, b) {
				t.Errorf("%s: %s in %s", where, name, form)
			}
		}
	}
}

// newUsedBank creates a bank in which each operation has happened once, and returns its
// secrets.
func newUsedBank(t *testing.T, d *banktest.Harness) map[string][]byte {
	t.Helper()
	ctx := t.Context()
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	serial := d.Issued("c1")
	d.Activate("alice", serial)
	require.True(t, d.Transfer("alice", d.Code(serial, 0)).Done)
	d.Transfer("alice", d.WrongCode(serial))
	d.Import("", 5)
	require.NoError(t, d.Bank.AddClerk(ctx, banktest.Clerk, "clerk1", "窓口", "the clerk's own password"))
	clerk, err := d.Bank.LogInClerk(ctx, bank.By{Channel: "page"}, "clerk1", "the clerk's own password")
	require.NoError(t, err)
	s, err := d.Bank.LogIn(ctx, bank.By{Channel: "page"}, "alice", banktest.Password)
	require.NoError(t, err)
	_, err = d.Bank.LogIn(ctx, bank.By{Channel: "page"}, "alice", "a password with a slip")
	require.ErrorIs(t, err, bank.ErrLogin)
	require.NoError(t, d.Bank.ChangePassword(ctx, banktest.By("alice"), banktest.Password, "the next password"))
	_, key, err := d.Bank.AddKey(ctx, banktest.Clerk, bank.KeyCheck, "front")
	require.NoError(t, err)
	_, err = d.Bank.Key(ctx, key)
	require.NoError(t, err)
	_, err = d.Bank.RotateKey(ctx, banktest.Clerk, nil)
	require.NoError(t, err)
	// Refused operations must not leak secrets either.
	_, err = d.Bank.Import(ctx, banktest.Clerk, banktest.Records(banktest.Record(0), banktest.Record(77)), bank.ImportOptions{})
	require.ErrorIs(t, err, bank.ErrConflict)

	masterText := d.Master.Text()
	masterBytes, err := base64.RawURLEncoding.DecodeString(masterText[strings.LastIndex(masterText, ":")+1:])
	require.NoError(t, err)
	secrets := map[string][]byte{
		"the password": []byte(banktest.Password), "a wrong password": []byte("a password with a slip"),
		"the next password": []byte("the next password"), "a clerk's password": []byte("the clerk's own password"),
		"the API key": []byte(key), "the API key's body": []byte(key[len("fobk_"):]),
		"a session": []byte(s.Token), "a session's body": []byte(s.Token[len("fobs_"):]), "a clerk's session": []byte(clerk.Token),
		"the master key": masterBytes[:32], "the master key's text": []byte(masterText),
		"a seed that was refused": banktest.Seed(77),
	}
	for n := range 6 {
		secrets[fmt.Sprintf("seed %d", n)] = banktest.Seed(n)
	}
	return secrets
}

// TestSecretsFile: the SQLite files contain no secrets.
func TestSecretsFile(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	secrets := newUsedBank(t, d)
	look := func(suffix string) []byte {
		content, err := os.ReadFile(d.Name + suffix)
		require.NoError(t, err)
		requireAbsent(t, "bank.db"+suffix, content, secrets)
		return content
	}
	look("")
	wal := look("-wal")
	look("-shm")
	require.Contains(t, string(wal), banktest.Serial(0).String(), "the search finds values that are not secret")
	require.Contains(t, string(wal), "株式会社 c1")
	d.Restart()
	require.Contains(t, string(look("")), banktest.Serial(0).String())
}

// TestSecretsDump: a dump of PostgreSQL contains no secrets.
func TestSecretsDump(t *testing.T) {
	server := pgtest.Start(t)
	d := banktest.New(t, server.Database(t))
	secrets := newUsedBank(t, d)
	dump, err := exec.Command(server.Tool(t, "pg_dump"), "--dbname="+d.Name).CombinedOutput()
	require.NoError(t, err, "%s", dump)
	require.Contains(t, string(dump), banktest.Serial(0).String())
	require.Contains(t, string(dump), "株式会社 c1")
	requireAbsent(t, "dump", dump, secrets)
}

// TestSecretsPrinted: no value that the bank or the store returns, and no error, prints
// a seed or a password.
func TestSecretsPrinted(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		secrets := newUsedBank(t, d)
		ctx := t.Context()
		var values []any
		tok, err := d.Bank.Token(ctx, banktest.Clerk, banktest.Serial(0))
		require.NoError(t, err)
		values = append(values, tok, &tok, []bank.Token{tok})
		require.NoError(t, d.DB.View(ctx, func(tx *store.Tx) error {
			row, err := tx.Token(banktest.Serial(0))
			require.NoError(t, err)
			user, err := tx.User("alice")
			require.NoError(t, err)
			keys, err := tx.DataKeys(d.Master)
			require.NoError(t, err)
			values = append(values, row, &row, user, &user, keys)
			return nil
		}))
		records, _, err := d.Bank.Audit(ctx, banktest.Clerk, bank.AuditFilter{Page: bank.Page{Limit: 1000}})
		require.NoError(t, err)
		status, err := d.Bank.Status(ctx, "alice")
		require.NoError(t, err)
		listed, err := d.Bank.Keys(ctx, banktest.Clerk)
		require.NoError(t, err)
		values = append(values, records, status, listed, d.Bank, d.Master)
		_, err = d.Bank.Import(ctx, banktest.Clerk, banktest.Records(banktest.Record(0)), bank.ImportOptions{})
		values = append(values, err)
		_, err = d.Bank.LogIn(ctx, bank.By{}, "alice", banktest.Password)
		values = append(values, err)
		gone, cancel := context.WithCancel(ctx)
		cancel()
		_, err = d.Bank.LogIn(gone, bank.By{}, "alice", "the next password")
		values = append(values, err)
		for _, v := range values {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				requireAbsent(t, fmt.Sprintf("%s of %T", verb, v), fmt.Appendf(nil, verb, v), secrets)
			}
			if text, err := json.Marshal(v); err == nil {
				requireAbsent(t, fmt.Sprintf("JSON of %T", v), text, secrets)
			}
		}
	})
}

// TestSeedOfAnother: a sealed seed that was altered, or copied to another token's row,
// cannot be opened. The bank reports this and accepts no code of either token.
func TestSeedOfAnother(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		serials := d.Import("", 3)
		r := pgtest.Raw(t, d.Name)
		a, b := serials[0].String(), serials[1].String()
		for _, query := range []string{
			"UPDATE token SET seed = (SELECT seed FROM token WHERE serial = '" + a + "') WHERE serial = '" + b + "'",
			"UPDATE token SET seed_key = 2 WHERE serial = '" + b + "'",
			"UPDATE token SET seed = fingerprint, seed_key = 1 WHERE serial = '" + b + "'",
		} {
			_, err := r.ExecContext(t.Context(), query)
			require.NoError(t, err)
			for _, code := range []string{d.Code(serials[0], 0), d.Code(serials[1], 0)} {
				out, err := d.Bank.Check(t.Context(), http, serials[1], code)
				require.Error(t, err)
				require.ErrorContains(t, err, "seed of token "+b)
				require.Equal(t, bank.Outcome{}, out)
				if !strings.Contains(query, "seed_key") {
					require.ErrorIs(t, err, vault.ErrAltered)
				} else {
					require.True(t, strings.Contains(err.Error(), "no such data key") || strings.Contains(err.Error(), "altered"), "%v", err)
				}
			}
			requireCodesAccepted(t, d, d.Bank, serials[2:])
		}
		requireCodesAccepted(t, d, d.Bank, serials[:1])
	})
}
