// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// TestFormSentTwiceIsDoneOnce: a form that is confirmed twice has its effect once, even without a
// code. Two forms with the same content have their effect twice.
func TestFormSentTwiceIsDoneOnce(t *testing.T) {
	s := newSite(t, Options{}, false)
	page := "/operations/" + slug(validator.OpTransferKnown)
	twice := func(b *browser, first string, pairs ...string) {
		t.Helper()
		require.Equal(t, 303, b.fill(first, pairs...).StatusCode)
		values := url.Values{}
		confirm := b.get(first + "/confirm")
		for _, m := range hiddenInput.FindAllStringSubmatch(mainPart.FindString(confirm.body), -1) {
			values.Set(m[1], m[2])
		}
		at, err := url.Parse(b.base + first)
		require.NoError(t, err)
		var all sync.WaitGroup
		for range 5 { // parallel windows with the same cookies
			other := *b.Client
			jar, err := cookiejar.New(nil)
			require.NoError(t, err)
			jar.SetCookies(at, b.Jar.Cookies(at))
			other.Jar = jar
			w := &browser{t, b.base, &other}
			all.Go(func() { require.Equal(t, 303, w.post(first+"/confirm", values).StatusCode) })
		}
		all.Wait()
	}
	alice := s.browser(t).logIn("alice")
	for range 2 {
		twice(alice, page, "payee", "みほん商事", "amount", "1000")
	}
	done, _, err := s.Bank.Transactions(t.Context(), banktest.Clerk, "acme", bank.Page{})
	require.NoError(t, err)
	require.Len(t, done, 2)

	desk := s.browser(t).logIn("desk-1")
	twice(desk, "/desk/contracts/acme/order", "cause", "additional")
	s.onlyOrder()

	// A refused form can be sent again.
	s.registerTokens()
	require.Equal(t, 303, alice.fill("/operations/transfer", "payee", "A", "bank", "B", "branch", "C", "account", "1", "amount", "5").StatusCode)
	alice.fill("/operations/transfer/confirm", "code", s.WrongCode(s.shared))
	a := alice.fill("/operations/transfer/confirm", "code", s.Code(s.shared, 0))
	require.Contains(t, a.Header.Get("Location"), "/receipt/")

	var o confirmedDrafts
	for i := range 3 * maxConfirmed {
		require.True(t, o.confirm(strconv.Itoa(i)))
	}
	require.Len(t, o.done, maxConfirmed)
	require.False(t, o.confirm(strconv.Itoa(3*maxConfirmed-1)))
}
