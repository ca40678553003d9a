// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var timingCases = []Case{
	{
		ID: "C70", Requirement: "the time of an answer does not reveal whether a code is correct, or which step has it",
		Source: "NIST SP 800-63B-4 §3.2.2", Level: Should, run: c70,
		Why: "If a correct code of a locked token takes longer than a wrong one, an attacker goes on guessing with a clock, and waits for the help desk with the code in hand.",
		Steps: []string{
			"Lock a token, or revoke one. Enter codes of several steps in and beyond the window, and a wrong one, in turn and many times.",
			"Import new tokens and enter the codes of the steps of the window, one each. They must be accepted.",
			"Compare the times of the answers in many short blocks. No kind of code may take a quarter longer than another in three quarters of the blocks.",
		},
	},
}

// A machine that does other work delays some answers, for a while or at random. Times are
// therefore taken in blocks, in which the kinds of requests alternate, and a block counts
// with the times that nothing delays. Kinds differ only if the same one is slower than
// another in three quarters of all blocks. If it is not in more than a quarter, no further
// round is needed.
const (
	blocks    = 4 // of a round
	rounds    = 6
	maxRatio  = 1.25                  // of two times of a block that are alike
	leastTime = 50 * time.Microsecond // smaller differences are lost in a network
)

// timings are the times of a block, for each kind of request.
type timings [][]time.Duration

// quick returns the time of each kind that a tenth of its requests took at most.
func (t timings) quick() (times []time.Duration) {
	for _, took := range t {
		slices.Sort(took)
		times = append(times, took[len(took)/10])
	}
	return times
}

// slower is a kind of requests that takes longer than another one.
type slower struct {
	slow, fast int // kinds
	of         []time.Duration
}

// compare measures kinds of requests, each often times in a block, in a random order. do
// returns the time of one request. The result is nil if the times are alike.
func (e *env) compare(kinds, often int, do func(kind int) time.Duration) *slower {
	wins := map[[2]int]int{} // blocks in which the first kind is slower than the second
	var all [][]time.Duration
	for round := range rounds {
		for range blocks {
			took := make(timings, kinds)
			for range often {
				for _, k := range e.random.Perm(kinds) {
					took[k] = append(took[k], do(k))
				}
			}
			quick := took.quick()
			all = append(all, quick)
			for a, slow := range quick {
				for b, fast := range quick {
					if slow-fast > leastTime && float64(slow) > maxRatio*float64(fast) {
						wins[[2]int{a, b}]++
					}
				}
			}
		}
		most, pair := 0, [2]int{}
		for a := range kinds {
			for b := range kinds {
				if n := wins[[2]int{a, b}]; n > most {
					most, pair = n, [2]int{a, b}
				}
			}
		}
		switch seen := (round + 1) * blocks; {
		case most <= seen/4:
			return nil
		case round == rounds-1 && most >= seen*3/4:
			return &slower{slow: pair[0], fast: pair[1], of: medians(all)}
		}
	}
	return nil
}

// medians returns the median over the blocks, for each kind.
func medians(of [][]time.Duration) (times []time.Duration) {
	for kind := range of[0] {
		var list []time.Duration
		for _, block := range of {
			list = append(list, block[kind])
		}
		slices.Sort(list)
		times = append(times, list[len(list)/2])
	}
	return times
}

// timed submits a code and returns the time of the answer, without its preparation.
func (e *env) timed(t *Token, code string, want Verdict) time.Duration {
	e.present(t)
	for tries := 0; ; tries++ {
		begun := time.Now()
		a, err := e.target.Check(e.ctx, Attempt{Token: t, User: t.User, Code: code, Ready: func() { begun = time.Now() }})
		took := time.Since(begun)
		if err != nil {
			e.fail(VerbCheck, err)
		}
		e.inStep()
		e.described(VerbCheck, a)
		switch {
		case a.Verdict == Limited && tries < maxRetries && a.RetryAfter <= longestRetry:
			e.sleep(max(a.RetryAfter, time.Second))
			continue
		case a.Verdict == Limited:
			e.skipf("the target limits the rate of requests")
		case want == Accepted:
			e.accepted(a, "the correct code of a token")
		default:
			e.refused(a, "a code of a token that is out of use")
		}
		return took
	}
}

// c70 measures two tokens: one out of use, whose state no code changes, with codes in and
// beyond the window and a wrong one; and new ones, whose codes are accepted at the places
// of the window.
func c70(e *env) string {
	w := e.windowOf()
	var said []string
	judge := func(what string, names []string, found *slower) {
		if found != nil {
			e.failf("%s: the answer to %s takes %v, and to %s %v", what, names[found.slow], found.of[found.slow].Round(time.Microsecond),
				names[found.fast], found.of[found.fast].Round(time.Microsecond))
		}
		said = append(said, fmt.Sprintf("%s: the answers to %s take equally long", what, strings.Join(names, ", ")))
	}
	if state, t := e.idle(); t != nil {
		e.loose()
		var names []string
		places := []int64{-1, 0, 1, 9}
		for _, n := range places {
			names = append(names, fmt.Sprintf("the code of step %+d", n))
		}
		wrong := e.wrongCodes(t, 1)[0]
		judge("a token that is "+state, append(names, "a wrong code"), e.compare(len(places)+1, 16, func(kind int) time.Duration {
			if kind == len(places) {
				return e.timed(t, wrong, Refused)
			}
			return e.timed(t, e.code(t, places[kind]), Refused)
		}))
	}
	var names []string
	var places []int64
	for n := max(w.low, -1); n <= min(w.high, 1); n++ {
		places, names = append(places, n), append(names, fmt.Sprintf("the code of step %+d", n))
	}
	if len(places) > 1 {
		known := len(e.log)
		judge("a token in use", names, e.compare(len(places), 6, func(kind int) time.Duration {
			e.settle()
			t := e.imported(e.randomToken()) // its codes may repeat
			took := e.timed(t, e.code(t, places[kind]), Accepted)
			e.log = e.log[:known] // hundreds of tokens
			return took
		}))
	}
	if len(said) == 0 {
		e.skipf("no token can be locked or revoked, and the window has one step only")
	}
	return strings.Join(said, "; ")
}

// idle returns a token that is out of use, and its state. It returns nil if none can be made.
func (e *env) idle() (state string, t *Token) {
	switch {
	case e.lockoutOr(0) > 0:
		t = e.token()
		e.lock(t)
		return "locked", t
	case e.has(VerbRevoke):
		t = e.token()
		e.revoke(t)
		return "revoked", t
	}
	return "", nil
}
