// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui/uitest"
)

// TestChromiumLists: a clerk pages through long lists with the buttons below them, and
// picks the token for a shipment from suggestions that match the input. FOB_SHOTS works
// as in TestChromiumScreenshots.
func TestChromiumLists(t *testing.T) {
	s := newBigSite(t)
	b := newTab(t, s.URL).logIn("/desk/login", "desk-1")
	shot := func(name string) {
		b.Shoot("list-"+name, []int64{1280, 390, 1280}, func(string) {})
	}
	// press follows a link of a list and waits for a line of the next part.
	press := func(list, rel, line string) {
		b.click(fmt.Sprintf(`#%s a[rel=%s]`, list, rel))
		b.WaitUntil(fmt.Sprintf(`location.hash === "#%s" && document.querySelector('#%s a[href$="/%s"]') !== null`, list, list, line))
	}
	for _, lang := range []string{"ja", "en"} {
		b.open("/desk/contracts/acme")
		if lang == "en" {
			b.click(".language button").open("/desk/contracts/acme")
		}
		press("tokens", "next", s.tokens[pageLines])
		press("users", "next", s.users[pageLines])
		shot(lang + "-middle")
		press("tokens", "next", s.tokens[2*pageLines])
		press("users", "next", s.users[2*pageLines])
		press("orders", "next", s.orders[pageLines]+"/ship")
		press("orders", "next", s.orders[2*pageLines]+"/ship")
		shot(lang + "-last")
		press("users", "prev", s.users[pageLines])
		press("users", "prev", s.users[0])

		// A search loads its results without a new page.
		b.open("/desk/").Fill("#find", "box")
		// A slow machine also searches for the first letters.
		b.WaitUntil(`new URL(document.querySelector('#contracts a[rel=next]')?.href ?? location).searchParams.get("find") === "box"`)
		require.True(t, uitest.Result(b.Tab, chromedp.Evaluate[bool](`document.querySelector('#contracts a[href="/desk/contracts/acme"]') === null`)))
		press("contracts", "next", s.contracts[pageLines])
		press("contracts", "next", s.contracts[2*pageLines])
		shot(lang + "-search")

		b.open("/desk/orders/" + s.orders[0] + "/ship")
		shot(lang + "-ship")
		wanted := s.stock[manyRows-1]
		option := fmt.Sprintf(`document.querySelector('#f-serial-list option[value="%s"]')`, wanted)
		b.WaitUntil(option + ` === null && document.querySelectorAll('#f-serial-list option').length > 1`)
		b.typeInto("serial", wanted[:11])
		b.WaitUntil(option + ` !== null`)
		require.Equal(t, wanted[:11], uitest.Result(b.Tab, chromedp.Evaluate[string](`document.activeElement.value`)), "the suggestions do not interrupt typing")
	}
}
