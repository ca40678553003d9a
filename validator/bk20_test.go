// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
)

// BK-20 is the project's own rule: the record of each decision names the person,
// operation, token, rule and time.
func TestBK20Audit(t *testing.T) {
	master, admin, _ := contract(t)
	d := newChecker(t)
	entries := []struct {
		of   string
		done bool
	}{
		{codeOf(t, 100), true}, {codeOf(t, 100), false}, {wrongCode, false}, {"12345", false}, {codeOf(t, 105), false},
	}
	for _, e := range entries {
		got := d.enter(100, e.of).Audit(master, validator.OpTransfer, master.Token, at(100, 10))
		require.NoError(t, got.Validate())
		require.Equal(t, e.done, got.Done)
		require.Equal(t, "m", got.User)
		require.Equal(t, "c1", got.Contract)
		require.Equal(t, at(100, 10), got.At)
		require.NotContains(t, fmt.Sprintf("%+v", got), e.of, "the record contains no code")
	}

	s := validator.DefaultSettings()
	users := []validator.User{master, admin}
	target := validator.Held{Serial: admin.Token, Contract: "c1", Condition: validator.InUse}
	got := validator.MayRevoke(s, master, users, target).Audit(master, validator.OpRevoke, admin.Token, at(100, 0))
	require.NoError(t, got.Validate())
	require.True(t, got.Done)
	require.Equal(t, validator.BK18, got.Rule)
	got = validator.MayRevoke(s, admin, users, target).Audit(admin, validator.OpRevoke, admin.Token, at(100, 0))
	require.NoError(t, got.Validate())
	require.False(t, got.Done)
}

// TestBK20Incomplete clears one field of a record at a time.
func TestBK20Incomplete(t *testing.T) {
	whole := validator.Audit{
		At: 1, Clerk: "k", What: validator.OpUnlock, Serial: serial(t, "FOB-1"),
		Rule: validator.BK07, Reason: validator.ReasonPaperOnly,
	}
	require.NoError(t, whole.Validate())
	for field, drop := range map[string]func(*validator.Audit){
		"At":            func(a *validator.Audit) { a.At = 0 },
		"User or Clerk": func(a *validator.Audit) { a.Clerk = "" },
		"What":          func(a *validator.Audit) { a.What = 0 },
		"Serial":        func(a *validator.Audit) { a.Serial = validator.Audit{}.Serial },
		"Rule":          func(a *validator.Audit) { a.Rule = 0 },
		"Reason":        func(a *validator.Audit) { a.Reason = 0 },
	} {
		a := whole
		drop(&a)
		err := a.Validate()
		require.ErrorIs(t, err, validator.ErrAudit)
		require.EqualError(t, err, "incomplete audit record: "+field+" is missing")
	}
}
