// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// TestNameIsNotTranslated: text written by people is not mistaken for a key of the
// catalogue.
func TestNameIsNotTranslated(t *testing.T) {
	s := newSite(t, Options{}, false)
	_, err := s.Bank.AddContract(t.Context(), banktest.Clerk, bank.Contract{
		ID: "eq", Name: "=1+1 {0}", Address: "東京都", Email: "eq@example.com",
	})
	require.NoError(t, err)
	a := s.browser(t).logIn("desk-1").get("/desk/contracts/eq")
	require.Equal(t, 200, a.StatusCode)
	require.Contains(t, a.body, "=1&#43;1 {0}")
}
