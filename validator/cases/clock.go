// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"fmt"
	"net/http"
	"time"
)

var clockCases = []Case{
	{"C67", "a display changes at least every 2 minutes", "N 3.1.4.1", Must, true, c67},
	{"C68", "moving the server's clock does not make a used code valid again", "R62 §5.2", Must, false, c68},
	{"C69", "leap seconds, summer time and time zones do not matter", "R62 §4.2", Must, false, c69},
	{"C70", "the response time does not reveal a code's position in the window", "N 3.2.2", Should, false, c70},
}

// c67 checks the code that a token shows in each second of a day.
func c67(e *env) string {
	f := &fob{key: []byte(vectorKeys[0]), digits: 6}
	longest, run := 0, 0
	last := ""
	for second := range int64(86400) {
		code := f.code(start + second)
		if code == last {
			run++
		} else {
			last, run = code, 1
		}
		longest = max(longest, run)
	}
	if longest > 120 {
		e.failf("a code is shown for %d s", longest)
	}
	return fmt.Sprintf("no code of a day is shown for longer than %d s", longest)
}

func c68(e *env) string {
	f := e.fob()
	e.advanceSteps(10)
	var used []string
	for range 3 {
		used = append(used, e.code(f, 0))
		e.accept(f, e.code(f, 0), "a code")
		e.advanceSteps(1)
	}
	e.advanceSteps(-1)
	at := e.now
	steps := []int64{-90, 90, -30, -3600, 3600}
	for _, by := range steps {
		e.setClock(at + by)
		for i, code := range used {
			// Far from its time, a used code is a wrong one and counts. Only one of the
			// three is then entered, to avoid a suspension.
			if i == len(used)-1 || by*by < 3600*3600 {
				e.refuse(f, code, "used code %d with the clock moved by %+d s", i, by)
			}
		}
	}
	e.setClock(at + period)
	e.accept(f, e.code(f, 0), "the next code after the clock is set back")
	return fmt.Sprintf("3 used codes refused after each of %+d s", steps)
}

func c69(e *env) string {
	f := e.fob()
	nights := []struct{ name, at string }{
		{"a leap second", "2016-12-31T23:59:00Z"},
		{"summer time begins in Europe", "2026-03-29T00:59:00Z"},
		{"midnight in Japan", "2026-04-01T14:59:00Z"},
		{"summer time ends in Europe", "2026-10-25T00:59:00Z"},
		{"summer time ends in New York", "2026-11-01T05:59:00Z"},
		{"the year ends in Japan", "2026-12-31T14:59:00Z"},
		{"29 February", "2028-02-28T23:59:00Z"},
	}
	for _, night := range nights {
		e.setClockText(night.at)
		for range 3 {
			e.accept(f, e.code(f, 0), "%s", night.name)
			e.advanceSteps(1)
		}
	}
	return fmt.Sprintf("codes of 3 consecutive steps accepted at %d such times (the time zone of the target's machine was not changed)", len(nights))
}

// c70 measures two tokens. On a suspended token, whose state no code changes, it enters
// codes at several positions in and beyond the window, and a wrong code. On a
// token in use, it enters accepted codes at the three positions of the window.
func c70(e *env) string {
	f, used := e.fob(), e.fob()
	e.suspend(f)
	ask := func(f *fob, code string) func() {
		return func() {
			e.send(e.client.t.CheckKey, http.MethodPost, "/v1/check", object{"serial": f.serial, "code": code})
		}
	}
	var fns []func()
	places := []int64{-1, 0, 1, 9}
	for _, n := range places {
		fns = append(fns, ask(f, e.code(f, n)))
	}
	fns = append(fns, ask(f, e.wrongCodes(f, 1)[0]))
	times, ratio := e.compareTimes(250, fns...)
	if ratio > maxRatio {
		e.failf("a suspended token: p10 of the response time is %v for codes at %+d and a wrong code, ratio %.2f", times, places, ratio)
	}
	// The clock is moved before each check, outside of the measured time.
	var clocks []int64 // offsets of the token, which put the codes at +1, 0, -1 of the expected step
	for range 80 {
		clocks = append(clocks, 1, 1, 0)
	}
	took := make(timings, 3)
	var shown []time.Duration
	most := 0.0
	for range rounds {
		e.accepted(used, clocks, took)
		if shown, most = took.fastest(); most <= maxRatio {
			break
		}
	}
	if most > maxRatio {
		e.failf("accepted codes: p10 of the response time is %v at +1, 0 and -1, ratio %.2f", shown, most)
	}
	return fmt.Sprintf("p10 of the response time: suspended %v for codes at %+d and a wrong code (ratio %.2f); accepted %v at +1, 0, -1 (%.2f)",
		times, places, ratio, shown, most)
}

// accepted enters consecutive codes of a token, with its clock the given numbers of
// steps ahead. It adds the times of the first, second and third code of each three to
// took.
func (e *env) accepted(f *fob, clocks []int64, took timings) {
	for i, ahead := range clocks {
		e.advanceSteps(3)
		code := e.code(f, ahead)
		begun := time.Now()
		a := e.check(f, code)
		took[i%3] = append(took[i%3], time.Since(begun))
		equal(e, accepted, a, "a code %+d steps ahead", ahead)
	}
}
