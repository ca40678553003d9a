// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

var lifeCases = []Case{
	{
		ID: "C52", Requirement: "codes are accepted until the last second of the printed day in Japan, and refused after it",
		Source: "RFC 6030 §4.2.1 ExpiryDate; bank rule BK-14", Level: Bank, Needs: []Verb{VerbImportFile, VerbClock}, run: c52,
		Why: "A server that takes the date as one of another time zone ends nine hours early or late, in the working hours of one of the two days. One that drops the date accepts tokens that are past the life of their batteries and seals.",
		Steps: []string{
			"Import a PSKC file with a token that expires at the end of 31 March 2031 in Japan, 14:59:59 UTC.",
			"The expiry date in the status must be that day, if the target shows it.",
			"Enter codes 90 seconds before the end and at the last second. They must be accepted.",
			"Enter the next code a second later, and the current one a year later. They must be refused.",
		},
	},
	{
		ID: "C54", Requirement: "one notice is sent on the day a calendar month before the expiry, for activated tokens only",
		Source: "bank rule BK-13", Level: Bank, Needs: with(bankUsers, VerbNotices, VerbDaily, VerbClock), run: c54,
		Why: "Without the notice, the new token arrives after the old one has ended, and a company cannot pay its salaries. A month is not 30 days, and 31 March has no day a month before it.",
		Steps: []string{
			"Import an activated token and one that was never activated, for each of some expiry dates, most of them at the end of a month.",
			"Run the daily job a second before the day, a month before, begins in Japan. It must not send a notice.",
			"Run it twice a second later, and again the next day. It must have sent one notice about the activated token, and none about the other.",
			"Enter a code of the token. It must be accepted, because the token has not expired yet.",
		},
	},
	{
		ID: "C55", Requirement: "the replacement of an expiring token inherits nothing from it",
		Source: "bank rule BK-13", Level: Bank, Needs: with(bankUsers, VerbNotices, VerbDaily, VerbReplace, VerbStatus, VerbClock), run: c55,
		Why: "The offset of an old clock makes the first codes of a new token fail, and old failures bring it close to a lockout, on the day it arrives.",
		Steps: []string{
			"Activate a token that expires soon, with codes of a clock that is a step ahead. Enter a wrong code of it, and run the daily job.",
			"Send a new token as its replacement. Codes of the old token must be refused after its expiry.",
			"The new token must have neither an offset nor wrong codes.",
			"Activate it. Its codes must be accepted.",
		},
	},
	{
		ID: "C56", Requirement: "the first token and the replacement of a faulty one that is given back are free, and every other one costs 2,200 yen",
		Source: "bank rules BK-10, BK-11 and BK-19", Level: Bank, Needs: []Verb{VerbImportFile, VerbContract, VerbOrder}, run: c56,
		Why: "The fees are in the contract. A wrong one is charged to many customers before one complains.",
		Steps: []string{
			"Order the first token of a contract, and another first one. The first must be free, and the second cost the fee that the target declares, or 2,200 yen.",
			"Order an additional token, and replacements after loss, theft, damage and a fault. Each must cost the fee, except a faulty token that is given back.",
			"Order the replacement of an expiring token, which comes without an application. It must be refused or free.",
		},
	},
}

func c52(e *env) string {
	const last = "2031-03-31T14:59:59Z"
	t := e.issue("", last)
	text := ""
	if s := e.status(t); s.Expiry != nil && *s.Expiry != "" {
		// the day in Japan, or the instant in UTC
		if !strings.Contains(*s.Expiry, "2031-03-31") && !strings.Contains(*s.Expiry, "2031-04-01T00:00:00+09:00") {
			e.failf("the expiry date in the status is %s instead of 2031-03-31", *s.Expiry)
		}
		text = "; the status shows " + *s.Expiry
	}
	e.setClockText("2031-03-31T14:58:30Z")
	e.accept(t, e.good(t), "a code a minute and a half before the end of the day")
	e.setClockText(last)
	fresh := e.code(t, 1)
	e.accept(t, e.good(t), "a code at 23:59:59 in Japan")
	e.advance(1)
	e.refuse(t, fresh, "a code at 00:00:00 of the next day in Japan")
	e.advance(366 * day)
	e.refuse(t, e.code(t, 0), "a code a year later")
	return "accepted at 23:59:59 of the printed day in Japan, refused at 00:00:00" + text
}

// notices returns the number of notices about a token.
func (e *env) notices(t *Token) int {
	e.present(t)
	n, err := e.target.Notices(e.ctx, t)
	e.logf("notices about token %s: %d, %s", t.Serial, n, told(err))
	if err != nil {
		e.fail(VerbNotices, err)
	}
	return n
}

// noticed requires one notice about a token. A target may need a moment to send it.
func (e *env) noticed(t *Token, format string, args ...any) {
	n := e.notices(t)
	for tries := 0; n == 0 && tries < 50; tries++ {
		e.sleep(100 * time.Millisecond)
		n = e.notices(t)
	}
	equal(e, 1, n, format, args...)
}

// daily runs the daily job.
func (e *env) daily() {
	err := e.target.Daily(e.ctx)
	e.logf("run the daily job: %s", told(err))
	if err != nil {
		e.fail(VerbDaily, err)
	}
}

// noticeDays are expiry dates at the end of the day in Japan, and the days on which their
// notices are due, a calendar month before. If that month is too short, it is its last day.
var noticeDays = []struct{ expiry, begin, day string }{
	{"2026-06-15T14:59:59Z", "2026-05-14T15:00:00Z", "2026-05-15"},
	{"2027-05-31T14:59:59Z", "2027-04-29T15:00:00Z", "2027-04-30"}, // 31 → 30
	{"2028-03-30T14:59:59Z", "2028-02-28T15:00:00Z", "2028-02-29"}, // a leap year
	{"2031-03-31T14:59:59Z", "2031-02-27T15:00:00Z", "2031-02-28"}, // 31 → 28
}

func c54(e *env) string {
	if d := e.target.Declares.NoticeMonths; d != nil && *d != 1 {
		e.skipf("the target declares notices %d months before the expiry, and this case tests one month", *d)
	}
	c := e.contract()
	m := e.member(c, Master)
	for _, d := range noticeDays {
		t, shelf := e.issue(c, d.expiry), e.issue(c, d.expiry)
		e.activate(m, t)
		begin, err := time.Parse(time.RFC3339, d.begin)
		if err != nil {
			panic(err) // a mistake in this case
		}
		e.setClock(begin.Unix() - 1) // not at the day itself, because a target may run its job whenever the clock moves
		e.daily()
		equal(e, 0, e.notices(t), "notices a second before %s in Japan", d.day)
		e.advance(1)
		e.daily()
		e.daily()
		e.noticed(t, "notices on %s in Japan", d.day)
		e.accept(t, e.good(t), "a code of the token, which has not expired")
		e.advance(day)
		e.daily()
		e.noticed(t, "notices a day after %s in Japan", d.day)
		equal(e, 0, e.notices(shelf), "notices about a token that was never activated")
	}
	return fmt.Sprintf("%d expiry dates, 3 of them at the end of a month: no notice a second before the day, and one on it; none for tokens that were never activated", len(noticeDays))
}

func c55(e *env) string {
	c := e.contract()
	m := e.member(c, Master)
	old := e.issue(c, "2026-06-15T14:59:59Z")
	ahead := e.windowOf().high
	e.accepted(e.tryActivate(m, old, e.code(old, ahead)), "the registration, with a code of step %+d", ahead)
	m.token, old.User, old.last = old, m.ID, e.stepOf(old)+ahead
	e.setClockText("2026-05-20T03:00:00Z")
	e.accept(old, e.code(old, ahead), "a code of step %+d of the old token", ahead)
	e.refuse(old, e.wrongCodes(old, 1)[0], "a wrong code of the old token")
	e.daily()
	e.noticed(old, "notices about the old token")
	fresh := e.issue("", "")
	e.present(old)
	err := e.target.Replace(e.ctx, c, old, fresh)
	e.logf("send token %s as the replacement of token %s: %s", fresh.Serial, old.Serial, told(err))
	if err != nil {
		e.fail(VerbReplace, err)
	}
	e.setClockText("2026-06-17T03:00:00Z")
	e.refuse(old, e.code(old, 0), "a code of the expired token")
	s := e.status(fresh)
	if s.Drift != nil {
		equal(e, 0, *s.Drift, "the offset of the new token")
	}
	if s.Failed != nil {
		equal(e, 0, *s.Failed, "wrong codes of the new token")
	}
	if s.Drift == nil && s.Failed == nil {
		e.skipf("the status shows neither the offset nor wrong codes")
	}
	e.activate(m, fresh)
	e.accept(fresh, e.good(fresh), "a code of the new token")
	return "the new token begins with no offset and no wrong codes, and its codes are accepted"
}

// defaultFee is the fee of the bank's rules, in yen.
const defaultFee = 2200

func c56(e *env) string {
	want := int64(defaultFee)
	if d := e.target.Declares.Fee; d != nil {
		want = *d
	}
	c := e.contract()
	order := func(o Order) (int64, error) {
		e.present(o.Old)
		o.Contract = c
		fee, err := e.target.Order(e.ctx, o)
		e.logf("order a token for %s, returned %v: %d yen, %s", o.Cause, o.Returned, fee, told(err))
		if err != nil && !errors.Is(err, ErrRefused) {
			e.fail(VerbOrder, err)
		}
		return fee, err
	}
	for i, o := range []struct {
		name  string
		order Order
		old   bool
		fee   int64
	}{
		{"the first token", Order{Cause: "first"}, false, 0},
		{"another first token", Order{Cause: "first"}, false, want},
		{"an additional token", Order{Cause: "additional"}, false, want},
		{"a token after a loss", Order{Cause: "loss"}, true, want},
		{"a token after a theft", Order{Cause: "theft"}, true, want},
		{"a token after damage, given back", Order{Cause: "damage", Returned: true}, true, want},
		{"a token after a fault, not given back", Order{Cause: "fault"}, true, want},
		{"a token after a fault, given back", Order{Cause: "fault", Returned: true}, true, 0},
	} {
		if o.old {
			o.order.Old = e.issue(c, "")
		}
		fee, err := order(o.order)
		switch {
		case i == 1 && errors.Is(err, ErrRefused): // a second first token may also be refused
		case err != nil:
			e.fail(VerbOrder, err)
		default:
			equal(e, o.fee, fee, "the fee in yen for %s", o.name)
		}
	}
	if fee, err := order(Order{Cause: "expiry"}); err == nil {
		equal(e, 0, fee, "the fee in yen for the replacement at expiry")
	}
	return fmt.Sprintf("free: the first token, and after a fault if the token is given back; %d yen: another one, after loss, theft, damage, and a fault if it is not given back", want)
}
