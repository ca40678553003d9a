// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

var uuid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-`)

// TestReceiptNumber: all pages show a transaction under one short number, the one that
// the bank returns. They never show the internal ID.
func TestReceiptNumber(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	alice := s.browser(t).logIn("alice")
	alice.fill("/operations/transfer", "payee", "p", "bank", "b", "branch", "b", "account", "1", "amount", "5")
	done := alice.fill("/operations/transfer/confirm", "code", s.Code(s.shared, 0))
	all, _, err := s.Bank.Transactions(t.Context(), banktest.Clerk, "acme", bank.Page{})
	require.NoError(t, err)
	require.Len(t, all, 1)
	number := all[0].Receipt
	require.Equal(t, "/receipt/"+number, done.Header.Get("Location"))
	desk := s.browser(t).logIn("desk-1")
	for name, page := range map[string]answer{
		"receipt": alice.follow(done), "history": alice.get("/history"), "small letters": alice.get("/receipt/" + strings.ToLower(number)),
		"search": desk.get("/desk/?find=" + url.QueryEscape(wide(number))),
	} {
		require.Equal(t, 200, page.StatusCode, name)
		require.Contains(t, page.body, number, name)
		require.NotRegexp(t, uuid, page.body, name)
	}
	for name, page := range map[string]answer{"receipt": alice.get("/receipt/" + number), "search": desk.get("/desk/?find=" + number)} {
		require.Len(t, regexp.MustCompile(`2026年4月1日 12:\d\d:\d\d \(日本時間\)`).FindAllString(page.body, -1), 2, name+": its time, and the bank's")
	}
	last := number[len(number)-1:]
	wrong := number[:len(number)-1] + map[bool]string{true: "Z", false: "Y"}[last == "Y"]
	require.Equal(t, 404, alice.get("/receipt/"+wrong).StatusCode)
	desk.get("/desk/?find="+wrong).shows(t, "search.nothing")

	// The clerks' pages about an order show no internal ID either.
	desk.fill("/desk/contracts/acme/order", "cause", "additional", "old", "")
	page := desk.follow(desk.fill("/desk/contracts/acme/order/confirm"))
	page.shows(t, "order.done")
	text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page.body+desk.get("/desk/orders/"+s.onlyOrder()+"/ship").body, "")
	require.NotRegexp(t, uuid, text)
}

// TestBalance: a balance enquiry shows the same balance each time.
func TestBalance(t *testing.T) {
	s := newSite(t, Options{}, false)
	alice := s.browser(t).logIn("alice")
	balance := regexp.MustCompile(`<dt>残高</dt><dd>([\d,]+円)</dd>`)
	seen := map[string]string{}
	for _, account := range []string{"1234567", wide("1234567"), "7654321"} {
		alice.fill("/operations/balance", "account", account)
		page := alice.follow(alice.fill("/operations/balance/confirm"))
		page.shows(t, "balance.title", "balance.done", "balance.note")
		require.NotContains(t, page.body, catalogOf(ui.Japanese)["receipt.done"])
		m := balance.FindStringSubmatch(page.body)
		require.NotNil(t, m, page.body)
		seen[account] = m[1]
	}
	require.Equal(t, seen["1234567"], seen[wide("1234567")])
	require.NotEqual(t, seen["1234567"], seen["7654321"])
}
