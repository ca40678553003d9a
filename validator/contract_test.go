// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// tb is implemented by testing.T and rapid.T.
type tb interface {
	require.TestingT
	Helper()
}

func serial(t *testing.T, text string) token.Serial {
	t.Helper()
	s, err := token.ParseSerial(text)
	require.NoError(t, err)
	return s
}

func date(t tb, year, month, day int) token.Expiry {
	t.Helper()
	e, err := token.NewExpiry(year, month, day)
	require.NoError(t, err)
	return e
}

// contract returns the users of a contract with two tokens, one of them shared.
func contract(t *testing.T) (master, admin, user validator.User) {
	t.Helper()
	one, two := serial(t, "FOB-1"), serial(t, "FOB-2")
	master = validator.User{ID: "m", Contract: "c1", Role: validator.Master, Token: one, Condition: validator.InUse}
	admin = validator.User{ID: "a", Contract: "c1", Role: validator.Admin, Token: two, Condition: validator.InUse}
	user = validator.User{ID: "u", Contract: "c1", Role: validator.PlainUser, Token: two, Condition: validator.InUse}
	return master, admin, user
}
