// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// manyRows is a number of rows that needs three parts of a list.
const manyRows = 2*pageLines + 3

// bigSite is a site with many rows of each kind. Contract "acme" has manyRows users, each
// with a token, and manyRows orders. The inventory has manyRows tokens.
type bigSite struct {
	*site
	users, orders, receipts, contracts []string
	tokens, stock                      []string
}

func newBigSite(t *testing.T) *bigSite {
	s := &bigSite{site: newSite(t, Options{}, false), users: []string{"alice", "bob", "carol"}}
	serials := s.Import("acme", manyRows)
	for i, serial := range serials {
		id := fmt.Sprintf("user-%03d", i)
		s.User("acme", id, validator.PlainUser)
		s.Activate(id, serial)
		s.users = append(s.users, id)
		s.tokens = append(s.tokens, serial.String())
	}
	for i := range manyRows {
		out := s.Transfer("user-000", s.Code(serials[0], 0))
		require.True(t, out.Done)
		s.receipts = append(s.receipts, out.Receipt)
		s.Step(1)
		s.orders = append(s.orders, s.order(bank.NewOrder{Contract: "acme", Cause: validator.CauseAdditional}))
		id := fmt.Sprintf("box-%03d", i)
		s.Contract(id)
		s.contracts = append(s.contracts, id)
	}
	for _, serial := range s.Import("", manyRows) {
		s.stock = append(s.stock, serial.String())
	}
	return s
}

// section returns the part of a page inside the element with the given ID, or the main
// element for "".
func (a answer) section(t testing.TB, id string) string {
	t.Helper()
	if id == "" {
		return mainPart.FindString(a.body)
	}
	_, rest, found := strings.Cut(a.body, ` id="`+id+`"`)
	require.True(t, found, id)
	part, _, _ := strings.Cut(rest, "</section>")
	return part
}

// linkTo returns the address of the link to the previous or next part, or "" if there is
// none.
func linkTo(part, rel string) string {
	m := regexp.MustCompile(`rel="` + rel + `" href="([^"]+)"`).FindStringSubmatch(part)
	if m == nil {
		return ""
	}
	at, _, _ := strings.Cut(html.UnescapeString(m[1]), "#") // a browser does not send the fragment
	return at
}

// readList reads a list to its end and back again. It returns the matches of line.
func (b *browser) readList(path, id string, line *regexp.Regexp) (all []string) {
	b.t.Helper()
	read := func(path string) (lines []string, part string) {
		page := b.get(path)
		require.Equal(b.t, 200, page.StatusCode, "%s: %s", path, page.body)
		part = page.section(b.t, id)
		for _, m := range line.FindAllStringSubmatch(part, -1) {
			lines = append(lines, m[1])
		}
		require.NotEmpty(b.t, lines, path)
		return lines, part
	}
	var parts [][]string
	for at := path; at != ""; {
		lines, part := read(at)
		require.Equal(b.t, len(parts) == 0, linkTo(part, "prev") == "", at)
		parts, all = append(parts, lines), append(all, lines...)
		path, at = at, linkTo(part, "next")
	}
	for i := len(parts) - 1; i >= 0; i-- {
		lines, part := read(path)
		require.Equal(b.t, parts[i], lines, path)
		path = linkTo(part, "prev")
	}
	require.Empty(b.t, path)
	return all
}

// TestListsContainAllRows: the parts of a list contain all rows together, and lead back to
// the beginning.
func TestListsContainAllRows(t *testing.T) {
	s := newBigSite(t)
	clerk, user, boss := s.browser(t).logIn("desk-1"), s.browser(t).logIn("user-000"), s.browser(t).logIn("alice")
	var (
		contract  = regexp.MustCompile(`href="/desk/contracts/([^"/]+)"><b>`)
		deskUser  = regexp.MustCompile(`href="/desk/users/([^"]+)">`)
		deskToken = regexp.MustCompile(`href="/desk/tokens/([^"]+)">`)
		inLine    = regexp.MustCompile(`<tr><td[^>]*><a href="/desk/tokens/([^"]+)">`)
		ship      = regexp.MustCompile(`href="/desk/orders/([^"/]+)/ship">`)
	)
	require.ElementsMatch(t, append([]string{"acme", "other"}, s.contracts...), clerk.readList("/desk/", "contracts", contract))
	require.ElementsMatch(t, s.contracts, clerk.readList("/desk/?find=box", "contracts", contract))
	// Full-width letters; no name begins with them.
	require.ElementsMatch(t, s.contracts, clerk.readList("/desk/?find="+url.QueryEscape(wide("box-")), "contracts", contract))
	every := append(append([]string{}, s.tokens...), s.stock...)
	require.ElementsMatch(t, every, clerk.readList("/desk/?find=1000-00", "tokens", deskToken))
	require.ElementsMatch(t, s.users, clerk.readList("/desk/contracts/acme", "users", deskUser))
	require.ElementsMatch(t, s.tokens, clerk.readList("/desk/contracts/acme", "tokens", inLine))
	require.ElementsMatch(t, s.orders, clerk.readList("/desk/contracts/acme", "orders", ship))
	require.ElementsMatch(t, s.orders, clerk.readList("/desk/orders", "", ship))
	require.ElementsMatch(t, s.orders, clerk.readList("/desk/orders?all=yes", "", ship))
	require.ElementsMatch(t, s.stock, clerk.readList("/desk/stock", "", inLine))
	place := regexp.MustCompile(`<td[^>]*>(\d+/\d+)</td>`)
	require.Len(t, clerk.readList("/desk/audit?act=transfer&serial="+s.tokens[0], "", place), manyRows)
	require.ElementsMatch(t, s.receipts, user.readList("/history", "", regexp.MustCompile(`href="/receipt/([^"]+)"`)))
	require.ElementsMatch(t, s.users, boss.readList("/users", "", regexp.MustCompile(`href="/users/change/([^"]+)"`)))

	// Paging through one list does not change the others.
	page := clerk.get("/desk/contracts/acme")
	page = clerk.get(linkTo(page.section(t, "users"), "next"))
	page = clerk.get(linkTo(page.section(t, "tokens"), "next"))
	require.Contains(t, page.section(t, "users"), `"/desk/users/`+s.users[pageLines]+`"`)
	require.Contains(t, page.section(t, "tokens"), `"/desk/tokens/`+s.tokens[pageLines]+`"`)
	require.Contains(t, page.section(t, "orders"), s.orders[0])

	// The list below a report of the hash chains has further parts.
	page = clerk.post("/desk/audit/verify", url.Values{"form-token": {formTokenIn(clerk.get("/desk/audit").body)}})
	page.shows(t, "audit.whole")
	newest := place.FindStringSubmatch(page.section(t, ""))[1]
	page = clerk.follow(clerk.get(linkTo(page.section(t, ""), "next")))
	require.Len(t, place.FindAllString(page.section(t, ""), -1), pageLines)
	require.NotContains(t, page.body, ">"+newest+"<")

	// If the last rows have been removed, the remaining rows are shown.
	last := "/desk/orders"
	for at := last; at != ""; at = linkTo(clerk.get(at).section(t, ""), "next") {
		last = at
	}
	for _, id := range s.orders[2*pageLines:] {
		s.cancelOrder(id)
	}
	page = clerk.follow(clerk.get(last))
	require.Equal(t, s.orders[2*pageLines-1], lastOf(ship.FindAllStringSubmatch(page.body, -1))[1])

	// The suggestions for a shipment are limited, and match the typed text.
	at := "/desk/orders/" + s.orders[0] + "/ship"
	wanted := `<option value="` + lastOf(s.stock) + `">`
	require.NotContains(t, clerk.get(at).body, wanted)
	require.Contains(t, clerk.get(at+"?serial="+lastOf(s.stock)[:11]).body, wanted)
	clerk.follow(clerk.fill(at, "serial", lastOf(s.stock)))
	serial, err := token.ParseSerial(lastOf(s.stock))
	require.NoError(t, err)
	require.Equal(t, "acme", s.token(serial).Contract)

	// Expiry notices, a month before the expiry.
	s.failNotices()
	clerk = s.browser(t).logIn("desk-1")
	noticed := regexp.MustCompile(`<td[^>]*><a href="/desk/tokens/([^"]+)">`)
	require.ElementsMatch(t, s.tokens, clerk.readList("/desk/notices", "", noticed))
	require.ElementsMatch(t, s.tokens, clerk.readList("/desk/notices?status=failed", "", noticed))
}

func lastOf[T any](all []T) T { return all[len(all)-1] }

// TestListLinksStayShort: an address does not grow for ever, and leads back to the beginning.
func TestListLinksStayShort(t *testing.T) {
	s := newSite(t, Options{}, false)
	s.registerTokens()
	s.Import("", pageLines+1)
	b := s.browser(t).logIn("desk-1")
	marks := url.Values{}
	for i := range maxMarks {
		marks.Add("after", fmt.Sprintf("%03d", i)) // before all serial numbers
	}
	next := linkTo(b.get("/desk/stock?"+marks.Encode()).section(t, ""), "next")
	require.NotEmpty(t, next)
	require.Equal(t, maxMarks, strings.Count(next, "after="))
	steps := 0
	for at := next; at != ""; at = linkTo(b.get(at).section(t, ""), "prev") {
		steps++
	}
	require.Equal(t, maxMarks+1, steps)
}
