// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui/uitest"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

// brokenCells returns the texts in tables that are wrongly broken over several lines:
// identifiers, dates and times, amounts, and short labels and column heads that would
// break inside a word. It recognises them by their form, not by the page's classes.
const brokenCells = `(() => {
	const whole = [
		/^[A-Za-z]+-\d+$/, /^\d{6,20}$/, /^\d{6}-[0-9A-Z]+$/, /^[a-z]+-user-\d+$/, /^BK-\d+$/, /^\d+\/\d+$/,
		/^\d{4}年\d+月\d+日( \d\d:\d\d:\d\d)?[〜頃]?$/, /^(about |to )?\d+ [A-Z][a-z]+ \d{4}(, \d\d:\d\d:\d\d)?$/,
		/^[\d,]+円$/, /^¥[\d,]+$/, /^\d{1,3}(\.\d{1,3}){3}$/,
		/^[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}ー]{1,7}$/u, /^[A-Za-z]+$/,
	];
	const found = [];
	for (const cell of document.querySelectorAll("td, th")) {
		if (cell.getClientRects().length === 0) continue;
		const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
		for (let node; (node = walker.nextNode());) {
			const text = node.nodeValue.trim();
			if (!whole.some((kind) => kind.test(text))) continue;
			const range = document.createRange();
			range.selectNodeContents(node);
			const lines = new Set([...range.getClientRects()].filter((r) => r.width > 0).map((r) => Math.round(r.top)));
			if (lines.size > 1) found.push(text);
		}
	}
	return [...new Set(found)].join(" | ");
})()`

// countCells counts the cells. A test must fail if it sees none.
const countCells = `document.querySelectorAll("td").length`

// cutTables returns the largest number of pixels by which a table is wider than its
// space.
const cutTables = `Math.max(0, ...[...document.querySelectorAll(".scroll")].map((e) => e.scrollWidth - e.clientWidth))`

// TestChromiumTables: no identifier, date or amount in a table breaks into two lines,
// and no table is cut off. It checks both languages on a wide screen, a narrow screen
// and a phone.
func TestChromiumTables(t *testing.T) {
	s := newSite(t, Options{TestMode: true}, false)
	s.Contract("C-1001")
	s.User("C-1001", "acct-user-001", validator.Master)
	s.User("C-1001", "acct-user-002", validator.Admin)
	own, other := s.Issued("C-1001"), s.Issued("C-1001")
	s.Activate("acct-user-001", own)
	s.Activate("acct-user-002", other)
	s.Issued("C-1001")
	s.Inventory()
	first := s.order(bank.NewOrder{Contract: "C-1001", Cause: validator.CauseAdditional})
	s.order(bank.NewOrder{Contract: "C-1001", Cause: validator.CauseLoss, Old: other})
	_, err := s.Bank.Ship(t.Context(), banktest.Clerk, first, s.Inventory())
	require.NoError(t, err)
	s.failNotices()
	out, err := s.Bank.Do(t.Context(), banktest.By("acct-user-001"), bank.Request{
		Operation: validator.OpPayrollApprove, Code: s.Code(own, 0), Details: map[string]string{"amount": "999999999999"},
	})
	require.NoError(t, err)
	require.True(t, out.Done)

	s.visitPages("table-", []int64{1280, 1024, 390}, []visit{
		{"/login", "acct-user-001", []string{"/", "/history", "/users"}},
		{"/desk/login", "desk-1", []string{
			"/desk/contracts/C-1001", "/desk/orders?all=yes", "/desk/stock", "/desk/notices", "/desk/audit",
		}},
	}, func(b *tab, path string) {
		b.open(path)
		require.Positive(t, uitest.Result(b.Tab, chromedp.Evaluate[int64](countCells)), path)
	}, func(b *tab, at string) {
		assert.Empty(t, uitest.Result(b.Tab, chromedp.Evaluate[string](brokenCells)), at)
		assert.Zero(t, uitest.Result(b.Tab, chromedp.Evaluate[int64](cutTables)), at)
	})
}
