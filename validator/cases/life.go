// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"fmt"
	"net/http"
	"time"
)

var lifeCases = []Case{
	{"C52", "codes are accepted until the last second of the printed day in Japan, and refused after it", "R60 ExpiryDate; BK-14", Bank, false, c52},
	{"C53", "if a file has dates on two levels, the earlier expiry and the later start apply", "R60 §5", Must, false, c53},
	{"C54", "one calendar month before expiry, one notice is sent and shown on the user's page, for activated tokens only", "BK-13", Bank, false, c54},
	{"C55", "a replacement inherits nothing from the old token", "BK-13", Bank, false, c55},
	{"C56", "the first token and replacements at expiry or of a returned faulty token are free; every other token costs 2,200 yen", "BK-10, BK-11, BK-19", Bank, false, c56},
	{"C57", "a known serial number is not imported again, and its state does not change", "R60 SerialNo", Must, false, c57},
}

func c52(e *env) string {
	f := e.newFob()
	e.importFile(pskcFile("", pskcKey{fob: f, deviceExpiry: "2031-03-31T14:59:59Z"}), e.contract)
	equal(e, "2031-03-31", e.token(f).Expiry, "the day on the back label")
	e.setClockText("2031-03-31T14:58:30Z")
	e.accept(f, e.code(f, 0), "a minute and a half before the end of the day")
	e.setClockText("2031-03-31T14:59:59Z")
	fresh := e.code(f, 1)
	e.accept(f, e.code(f, 0), "23:59:59 in Japan")
	e.setClockText("2031-03-31T15:00:00Z")
	e.refuse(f, fresh, "00:00:00 of the next day in Japan")
	equal(e, "expired", e.token(f).Condition, "its status")
	e.setClockText("2031-03-31T14:59:59Z")
	e.accept(f, fresh, "the same code with the clock set back a second, which was not used up")
	return "accepted at 23:59:59 of the printed day in Japan, refused at 00:00:00"
}

func c53(e *env) string {
	early, late := "2030-12-31T14:59:59Z", "2031-03-31T14:59:59Z"
	from, then := "2026-04-30T15:00:00Z", "2026-05-31T15:00:00Z"
	a, b := e.newFob(), e.newFob()
	e.importFile(pskcFile("",
		pskcKey{fob: a, deviceStart: from, deviceExpiry: early, policyStart: then, policyExpiry: late},
		pskcKey{fob: b, deviceStart: then, deviceExpiry: late, policyStart: from, policyExpiry: early},
	), e.contract)
	for _, f := range []*fob{a, b} {
		v := e.token(f)
		equal(e, "2030-12-31", v.Expiry, "expiry")
		equal(e, then, v.Start, "start")
		e.setClockText(then)
		e.advance(-1)
		fresh := e.code(f, 1)
		e.refuse(f, e.code(f, 0), "a second before the later start")
		e.advance(1)
		e.accept(f, fresh, "at the later start")
		e.setClockText("2030-12-31T15:00:00Z")
		e.refuse(f, e.code(f, 0), "after the earlier expiry")
	}
	return "in both orders: start on 2026-06-01, expiry on 2030-12-31 in Japan"
}

// notice is an expiry e-mail, in the back office's view.
type notice struct {
	ID     string `json:"id"`
	Serial string `json:"serial"`
	Order  string `json:"order"`
	Status string `json:"status"`
}

// notices lists the notices about a token.
func (e *env) notices(f *fob) (list []notice) {
	after := ""
	for {
		var page struct {
			Items []notice `json:"items"`
			Next  string   `json:"next"`
		}
		e.get("/v1/notices?limit=1000&after="+escaped(after), &page)
		for _, n := range page.Items {
			if n.Serial == f.serial {
				list = append(list, n)
			}
		}
		if after = page.Next; after == "" {
			return list
		}
	}
}

// runDailyJob runs the daily job.
func (e *env) runDailyJob() {
	r := e.send(e.client.t.ClerkKey, http.MethodPost, "/v1/jobs/daily", object{})
	switch r.status {
	case http.StatusOK:
	case http.StatusConflict:
		e.skipf("the target does not send e-mail: %v", r.unexpected())
	default:
		e.failf("daily job: %v", r.unexpected())
	}
}

// waitForNotice waits until a notice is no longer being sent: the target may also run
// the job on its own when the clock moves.
func (e *env) waitForNotice(f *fob) notice {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		list := e.notices(f)
		equal(e, 1, len(list), "notices about token %s", f.serial)
		if list[0].Status != "due" && list[0].Status != "sending" || time.Now().After(end) {
			return list[0]
		}
	}
}

// c54 tests tokens, some of whose expiry days do not exist in the previous month.
func c54(e *env) string {
	equal(e, 1, e.rules.NoticeMonths, "the target's setting, in months before expiry")
	u := e.user("master")
	days := []struct{ expiry, eve, day string }{
		{"2026-06-15T14:59:59Z", "2026-05-14T14:59:59Z", "2026-05-15"},
		{"2027-05-31T14:59:59Z", "2027-04-29T14:59:59Z", "2027-04-30"}, // 31 → 30
		{"2028-03-30T14:59:59Z", "2028-02-28T14:59:59Z", "2028-02-29"}, // a leap year
		{"2031-03-31T14:59:59Z", "2031-02-27T14:59:59Z", "2031-02-28"}, // 31 → 28
	}
	for _, d := range days {
		f, shelf := e.newFob(), e.newFob()
		e.importFile(pskcFile("", pskcKey{fob: f, deviceExpiry: d.expiry}, pskcKey{fob: shelf, deviceExpiry: d.expiry}), e.contract)
		e.activate(u, f)
		e.setClockText(d.eve)
		e.runDailyJob()
		equal(e, 0, len(e.notices(f)), "notices a second before %s in Japan", d.day)
		e.advance(1)
		e.runDailyJob()
		e.runDailyJob()
		n := e.waitForNotice(f)
		equal(e, "sent", n.Status, "the status of the notice of %s", d.day)
		if n.Order == "" {
			e.failf("no new token was ordered with the notice of %s", d.day)
		}
		equal(e, d.day, e.status(u).Notice, "the day of the notice on the user's page")
		equal(e, accepted, e.transfer(u, e.code(f, 0)), "a code of the token until it expires")
		e.advance(86400)
		e.runDailyJob()
		equal(e, n, e.waitForNotice(f), "the notice a day later")
		equal(e, 0, len(e.notices(shelf)), "notices about a token that was never activated")
	}
	return fmt.Sprintf("%d expiry dates, 3 of them at the end of a month: no notice a second before the day, one on it, none after; none for tokens that were never activated", len(days))
}

// order is an application for a token.
type order struct {
	ID     string `json:"id"`
	Cause  string `json:"cause"`
	Old    string `json:"old"`
	New    string `json:"new"`
	Fee    int64  `json:"fee_yen"`
	Status string `json:"status"`
}

// orders lists the orders of the contract.
func (e *env) orders() []order {
	var page struct {
		Items []order `json:"items"`
	}
	e.get("/v1/orders?limit=1000&contract="+escaped(e.contract), &page)
	return page.Items
}

// ship ships a token of the inventory for an order.
func (e *env) ship(o order) *fob {
	f := e.inventoryToken()
	e.clerk(http.MethodPost, "/v1/orders/"+escaped(o.ID)+"/shipment", object{"serial": f.serial}, nil)
	return f
}

func c55(e *env) string {
	u := e.user("master")
	old := e.newFob()
	e.importFile(pskcFile("", pskcKey{fob: old, deviceExpiry: "2026-06-15T14:59:59Z", drift: "3"}), e.contract)
	if a := e.perform(e.session(u), old, "activation", object{"code": e.code(old, 3)}); !a.Done {
		e.failf("activation: %s %s", a.Answer, a.Reason)
	}
	u.fob = old
	e.setClockText("2026-05-20T03:00:00Z")
	equal(e, refused, e.transfer(u, e.wrongCodes(old, 1)[0]), "a wrong code of the old token")
	e.runDailyJob()
	e.waitForNotice(old)
	list := e.orders()
	equal(e, 1, len(list), "orders")
	equal(e, "expiry", list[0].Cause, "the cause of the order")
	equal(e, old.serial, list[0].Old, "the token that is replaced")
	fresh := e.ship(list[0])
	e.setClockText("2026-06-15T15:00:00Z")
	equal(e, refused, e.transfer(u, e.code(old, 3)), "a code of the expired token")
	v := e.token(fresh)
	equal(e, 0, v.Offset, "the offset of the new token")
	equal(e, 0, v.FailedAttempts, "the failed attempts of the new token")
	e.activate(u, fresh)
	equal(e, accepted, e.transfer(u, e.code(fresh, 0)), "a code of the new token")
	return "the new token starts with offset 0 and no failed attempts; the old one had +3 and 1"
}

func c56(e *env) string {
	const fee = 2200
	apply := func(cause string, old *fob, returned bool) order {
		body := object{"contract": e.contract, "cause": cause, "returned": returned}
		if old != nil {
			body["old"] = old.serial
		}
		var a struct{ Order order }
		e.clerk(http.MethodPost, "/v1/orders", body, &a)
		return a.Order
	}
	first := apply("first", nil, false)
	equal(e, 0, first.Fee, "the fee in yen for the first token")
	second := apply("first", nil, false)
	equal(e, fee, second.Fee, "the fee in yen for another first token")
	equal(e, "additional", second.Cause, "the cause of an order for another first token")
	equal(e, fee, apply("additional", nil, false).Fee, "the fee in yen for an additional token")
	equal(e, "", apply("expiry", nil, false).ID, "an order for a replacement at expiry, which needs no application")
	for _, o := range []struct {
		cause     string
		returned  bool
		fee       int64
		condition string
	}{
		{"loss", false, fee, "lost"}, {"theft", false, fee, "lost"}, {"damage", true, fee, "broken"},
		{"fault", false, fee, "broken"}, {"fault", true, 0, "broken"},
	} {
		old := e.fob()
		equal(e, o.fee, apply(o.cause, old, o.returned).Fee, "the fee in yen for %s, returned %v", o.cause, o.returned)
		equal(e, o.condition, e.token(old).Condition, "the status of the old token after %s", o.cause)
	}
	e.ship(first)
	u, old := e.user("master"), e.newFob()
	e.importFile(pskcFile("", pskcKey{fob: old, deviceExpiry: "2026-04-20T14:59:59Z"}), e.contract)
	e.activate(u, old)
	equal(e, accepted, e.transfer(u, e.code(old, 0)), "a code, which is free")
	e.runDailyJob()
	e.waitForNotice(old)
	var replaced, sum int64
	for _, o := range e.orders() {
		sum += o.Fee
		if o.Cause == "expiry" {
			equal(e, old.serial, o.Old, "the token that expires")
			equal(e, 0, o.Fee, "the fee in yen for the replacement at expiry")
			replaced++
		}
	}
	equal(e, 1, replaced, "orders for the replacement at expiry")
	equal(e, 6*fee, sum, "the sum of all fees in yen")
	return "0 yen: first, fault returned, expiry; 2,200 yen: second, additional, loss, theft, damage, fault not returned"
}

func c57(e *env) string {
	f := e.newFob()
	file := pskcFile("", pskcKey{fob: f})
	e.importFile(file, e.contract)
	used := e.code(f, 1)
	e.accept(f, used, "a code of the next step")
	e.refuse(f, e.wrongCodes(f, 1)[0], "a wrong code")
	before := fmt.Sprint(e.token(f))
	r := e.tryImport(file, "contract="+escaped(e.contract))
	if r.status < 400 {
		e.failf("the same file is imported again")
	}
	g := *f
	g.key = e.newFob().key
	if s := e.tryImport(pskcFile("", pskcKey{fob: &g}), "").status; s < 400 {
		e.failf("the same serial number with another seed is imported")
	}
	equal(e, before, fmt.Sprint(e.token(f)), "the token at the back office")
	e.refuse(f, used, "the used code")
	e.refuse(f, g.code(e.now), "a code of the other seed")
	return fmt.Sprintf("refused (%d), the state unchanged, the used code still refused", r.status)
}
