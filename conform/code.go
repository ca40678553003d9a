// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

var codeCases = []Case{
	{
		ID: "C01", Requirement: "the server and the token use the same time step, 60 s",
		Source: "RFC 6238 §4.1 and R4; bank rule BK-01", Level: Must, run: c01,
		Why: "Many servers assume 30 s, even if the seed file has 60 s. Every login of a user with a 60-second token then fails, and the user buys another token.",
		Steps: []string{
			"Import a token with steps of 60 s.",
			"Enter its current code. It must be accepted.",
		},
	},
	{
		ID: "C02", Requirement: "the code of a 30 s step of the same seed is refused",
		Source: "RFC 6238 R4", Level: Must, run: c02,
		Why: "A server that tries several time steps accepts more codes than it should. Each of them makes guessing easier.",
		Steps: []string{
			"Import a token with steps of 60 s.",
			"Enter the code that its seed has with steps of 30 s, if the token itself shows it at no time nearby. It must be refused.",
			"Enter the current code of the token. It must be accepted.",
		},
	},
	{
		ID: "C03", Requirement: "codes equal the vectors of appendix B, and at 60 s the codes of oathtool",
		Source: "RFC 6238 Appendix B", Level: Must, Needs: []Verb{VerbClock}, run: c03,
		Why: "A server whose algorithm differs in rare cases refuses correct codes now and then. Such a failure cannot be reproduced.",
		Steps: []string{
			"Import the seed of the RFC's appendix B. A target that refuses this public seed is N/A.",
			"At each time of the appendix, set the clock and enter the code of that time for steps of 60 s. It must be accepted, and refused if it was used.",
			"The codes were computed with oathtool.",
		},
	},
	{
		ID: "C04", Requirement: "codes are accepted after 2038: the time has more than 32 bits",
		Source: "RFC 6238 §4.2", Level: Must, Needs: []Verb{VerbClock}, run: c04,
		Why: "On 19 January 2038 every token stops working at the same second.",
		Steps: []string{
			"Import a token.",
			"Set the clock to times from January 2038 to 2200, on both sides of the limits of 31 and 32 bits.",
			"Enter the current code each time. It must be accepted.",
		},
	},
	{
		ID: "C05", Requirement: "leading zeros are kept: a code is a string of 6 characters",
		Source: "RFC 4226 §5.3", Level: Must, run: c05,
		Why: "A server that reads codes as numbers refuses every tenth code, or accepts shorter entries and leading signs.",
		Steps: []string{
			"Import a token whose current code begins with 0.",
			"Enter the code without its leading zeros, and with one more. Both must be refused.",
			"Enter the code as the token shows it. It must be accepted.",
		},
	},
	{
		ID: "C06", Requirement: "a code read in the last second of its step is accepted in the first seconds of the next",
		Source: "RFC 6238 §5.2", Level: Must, Wait: time.Minute, run: c06,
		Why: "Typing takes longer than a second. Without a window behind the current step, logins fail at random near the change of the code.",
		Steps: []string{
			"Import a token, and wait for the next step to begin.",
			"Enter the code of the step that has just ended. It must be accepted.",
		},
	},
	{
		ID: "C07", Requirement: "the window allows at most one step for the transmission",
		Source: "RFC 6238 §5.2", Level: Should, run: c07,
		Why: "Every further step is another 60 seconds in which a code that was seen over a shoulder or phished can be used.",
		Steps: []string{
			"Import a token.",
			"Enter the code of two steps ago. It must be refused.",
			"Enter the current code. It must be accepted.",
		},
	},
	{
		ID: "C08", Requirement: "the window is as wide forward as backward",
		Source: "RFC 6238 §6", Level: Should, run: c08,
		Why: "Crystals run fast as often as slow. A lopsided window refuses half of the aged tokens earlier than the other half, and support cannot explain it.",
		Steps: []string{
			"Measure the window: import a token for each step before and after the current one, and enter the code of that step.",
			"As many steps must be accepted forward as backward.",
		},
	},
	{
		ID: "C09", Requirement: "the window has a limit, which is the declared one",
		Source: "RFC 6238 §6", Level: Should, run: c09,
		Why: "Each accepted step multiplies the chance of a guess. An operator who sets one step must get one step.",
		Steps: []string{
			"Measure the window as C08 does.",
			"It must have a limit, and be the declared one if the target file declares it.",
		},
	},
	{
		ID: "C10", Requirement: "the window is a number of steps, for every period",
		Source: "RFC 6238 §6", Level: Should, lacks: ownPeriod, run: c10,
		Why: "A window in seconds that suits 30-second tokens is half as wide, or twice, for 60-second ones. Replacing tokens then changes the security of the server without notice.",
		Steps: []string{
			"Measure the window of tokens with steps of 60 s as C08 does.",
			"Measure it again with tokens of 30 s, unless the server refuses them.",
			"Both windows must have the same number of steps.",
		},
	},
}

func c01(e *env) string {
	e.use(period)
	t := e.token()
	e.accept(t, e.good(t), "the code of the current step of 60 s")
	return "the code of the current step of 60 s is accepted"
}

func c02(e *env) string {
	e.use(period)
	t := e.newToken()
	code := t.hotp(e.time() / 30)
	for e.shows(t, code) {
		t = e.newToken()
		code = t.hotp(e.time() / 30)
	}
	e.imported(t)
	e.refuse(t, code, "the code of a 30 s step")
	e.accept(t, e.good(t), "the code of the 60 s step")
	return "the code of a 30 s step is refused, then the code of the 60 s step is accepted"
}

// shows reports whether the token shows a code near the current step.
func (e *env) shows(t *Token, code string) bool {
	for n := -int64(distinct); n <= distinct; n++ {
		if e.code(t, n) == code {
			return true
		}
	}
	return false
}

// rfcSeed is the public seed of appendix B.
const rfcSeed = "12345678901234567890"

// vectors have the last 6 digits of the values for SHA-1 in appendix B, at 30 s, and of
// oathtool 2.6.7 at 60 s: oathtool --totp=sha1 -s 60s -N @59 -d 8
// 3132333435363738393031323334353637383930.
var vectors = []struct {
	at       int64
	x30, x60 string
}{
	{59, "287082", "755224"},
	{1111111109, "081804", "360094"},
	{1111111111, "050471", "360094"}, // at 60 s, the same step as the previous time
	{1234567890, "005924", "713351"},
	{2000000000, "279037", "864010"},
	{20000000000, "353130", "948864"},
}

func c03(e *env) string {
	if p := e.period(); p != 30 && p != 60 {
		e.skipf("there are no vectors for a step of %d s", p)
	}
	t := e.tokenWith([]byte(rfcSeed))
	for _, v := range vectors {
		equal(e, v.x30, t.hotp(v.at/30), "the code that the suite computes for %d at 30 s", v.at)
		equal(e, v.x60, t.hotp(v.at/60), "the code that the suite computes for %d at 60 s", v.at)
	}
	if err := e.tryImport(t); errors.Is(err, ErrRefused) {
		e.skipf("the target refuses the RFC's seed: %v", err)
	} else if err != nil {
		e.fail(VerbImport, err)
	}
	used := map[int64]bool{}
	for _, v := range vectors {
		e.setClock(v.at)
		code := map[int64]string{30: v.x30, 60: v.x60}[e.period()]
		if step := e.step(); used[step] {
			e.refuse(t, code, "the used code at %d", v.at)
		} else {
			e.accept(t, code, "the code at %d", v.at)
			used[step] = true
		}
	}
	return fmt.Sprintf("the codes at %d times from 1970 to 2603 are accepted, once each", len(used))
}

func c04(e *env) string {
	t := e.token()
	times := []string{
		"2038-01-19T03:14:07Z", "2038-01-19T03:15:08Z", "2040-01-01T00:00:00Z", "2106-02-07T06:28:15Z", "2106-02-07T06:30:16Z", "2200-01-01T00:00:00Z",
	}
	for _, at := range times {
		e.setClockText(at)
		e.accept(t, e.code(t, 0), "at %s", at)
	}
	return fmt.Sprintf("accepted at %d times from 2038 to 2200", len(times))
}

func c05(e *env) string {
	for _, more := range []bool{false, true} { // a token each, because both entries may count
		t := e.newToken()
		for !strings.HasPrefix(e.code(t, 0), "0") {
			t = e.newToken()
		}
		t.special = "a current code that begins with 0"
		e.imported(t)
		code := e.good(t)
		if more {
			e.refuse(t, "0"+code, "the code with one more leading zero")
		} else {
			bare := strings.TrimLeft(code, "0")
			e.refuse(t, bare, "the code without its leading zeros, %d characters", len(bare))
		}
		e.accept(t, code, "the code with its leading zeros")
	}
	return "a code with a leading zero is accepted, and refused without it or with one more"
}

func c06(e *env) string {
	t := e.token()
	if e.has(VerbClock) {
		e.setClock((e.step() + 1) * e.period())
	} else {
		e.loose()
		e.advanceSteps(1)
	}
	e.accept(t, e.code(t, -1), "the code of the previous step, as the next one begins")
	return "accepted at the beginning of the next step"
}

func c07(e *env) string {
	t := e.token()
	a := e.check(t, e.code(t, -2))
	e.refused(a, "the code of two steps ago")
	e.accept(t, e.good(t), "the code of the current step")
	return fmt.Sprintf("the code of two steps ago: %s", a.Verdict)
}

func (s span) String() string { return fmt.Sprintf("%+d..%+d", s.low, s.high) }

func c08(e *env) string {
	w := e.windowOf()
	equal(e, -w.low, w.high, "window %s: steps backward and forward", w)
	return fmt.Sprintf("window %s", w)
}

func c09(e *env) string {
	w := e.windowOf()
	if w.low == -widest || w.high == widest {
		e.failf("window %s: no limit within ±%d steps", w, widest)
	}
	d := e.target.Declares.Window
	if d == nil {
		return fmt.Sprintf("window %s; the target declares none", w)
	}
	equal(e, span{-*d, *d}, w, "the window")
	return fmt.Sprintf("window %s, as declared", w)
}

func c10(e *env) string {
	want := e.windowOf()
	e.use(30)
	if err := e.tryImport(e.newToken()); errors.Is(err, ErrRefused) {
		e.use(0)
		e.control()
		return "tokens of 30 s are refused"
	} else if err != nil {
		e.fail(VerbImport, err)
	}
	got := e.sweep()
	equal(e, want, got, "the window at 30 s")
	return fmt.Sprintf("window %s at 30 s and at 60 s", got)
}
