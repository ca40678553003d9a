// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// TestUnseenCharacters: a name or payee must not look different from its content
// (Unicode Technical Report 36, section 2.5 on bidirectional text; CVE-2021-42574).
func TestUnseenCharacters(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	for _, bad := range []string{
		"\u202e7654321", "1\u20662\u2069", "a\u200fb", "\u200b", "商事\u200b", "\u2060x", "\ufeffx", "a\u061cb", "a\x00b", "a\u0085b", "a\u2028b",
	} {
		_, err := d.Bank.AddContract(t.Context(), banktest.Clerk, bank.Contract{
			ID: "c2", Name: bad, Address: "東京都", Email: "a@example.com",
		})
		require.ErrorIs(t, err, bank.ErrInvalid, "name %q", bad)
		_, err = d.Bank.Do(t.Context(), banktest.By("alice"), bank.Request{
			Operation: validator.OpTransferKnown, Details: map[string]string{"payee": bad},
		})
		require.ErrorIs(t, err, bank.ErrInvalid, "payee %q", bad)
	}
	for _, good := range []string{"株式会社 見本", "カ)ミホン", "O’Neill & Söhne", "हिन्दी", "क्\u200dष"} {
		_, err := d.Bank.Do(t.Context(), banktest.By("alice"), bank.Request{
			Operation: validator.OpTransferKnown, Details: map[string]string{"payee": good},
		})
		require.NoError(t, err, "payee %q", good)
	}
}

// TestCodeInTheSerialField: if a code is typed into the field of the serial number, the
// audit log does not keep it, for any operation.
func TestCodeInTheSerialField(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	code, err := token.ParseSerial("918273")
	require.NoError(t, err)
	_, err = d.Bank.Check(t.Context(), banktest.Clerk, code, "123456")
	require.NoError(t, err)
	_, err = d.Bank.Activate(t.Context(), banktest.By("alice"), code, "123456")
	require.NoError(t, err)
	_, err = d.Bank.Unlock(t.Context(), banktest.By("alice"), code, "123456")
	require.NoError(t, err)
	list, _, err := d.Bank.Audit(t.Context(), banktest.Clerk, bank.AuditFilter{})
	require.NoError(t, err)
	kept := 0
	for _, r := range list {
		require.NotContains(t, r.Serial+r.Note, "918273")
		if r.Reason == "unknown token" {
			kept++
			require.NotEmpty(t, r.Note)
		}
	}
	require.Equal(t, 3, kept)
}

// TestWaitingIsOnRecord: a login that is refused because it has to wait is recorded.
func TestWaitingIsOnRecord(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	for range 8 {
		_, err := d.Bank.LogIn(t.Context(), banktest.By("alice"), "alice", "wrong password")
		require.ErrorIs(t, err, bank.ErrLogin)
	}
	list, _, err := d.Bank.Audit(t.Context(), banktest.Clerk, bank.AuditFilter{User: "alice", Act: "log in"})
	require.NoError(t, err)
	require.Len(t, list, 8)
	require.Equal(t, "must wait", list[0].Reason)
	require.Equal(t, "wrong password", list[7].Reason)
}
