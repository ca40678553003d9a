// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var countCases = []Case{
	{
		ID: "C36", Requirement: "no more than 100 wrong codes in a row can be tried",
		Source: "NIST SP 800-63B-4 §3.2.2", Level: Must, run: c36,
		Why: "A code has 6 digits. Without a limit, an attacker with the password tries a million codes, and is in within a day.",
		Steps: []string{
			"Import a token, and enter its current code. It must be accepted.",
			"Import a second one, and enter 101 wrong codes. They must be refused.",
			"Enter its current code. It must be refused.",
			"If the target has the verb clock: enter as many wrong codes as lock a token every hour, until these are more than 100. An hour later, its current code must be refused: a lockout that ends by itself does not begin the count again.",
		},
	},
	{
		ID: "C37", Requirement: "exactly the N-th wrong code in a row locks the token",
		Source: "bank rule BK-05; RFC 4226 §7.3", Level: Bank, run: c37,
		Why: "The number is on the bank's page and in its contract. One attempt fewer is a complaint, and one more a finding.",
		Steps: []string{
			"Measure the number of wrong codes in a row after which the correct one is refused, with a new token for each try.",
			"There must be such a number up to 100. It must be the declared one if the target file declares it.",
		},
	},
	{
		ID: "C38", Requirement: "a correct code resets the count",
		Source: "NIST SP 800-63B-4 §3.2.2", Level: Should, run: c38,
		Why: "Typing errors of a whole year would otherwise add up to a lockout.",
		Steps: []string{
			"Import a token.",
			"Enter one wrong code fewer than lock it, and then its current code. It must be accepted.",
			"Do both again. The correct code must be accepted again.",
		},
	},
	{
		ID: "C39", Requirement: "every wrong code counts, including the same code again",
		Source: "bank rule BK-05; RFC 4226 §7.3", Level: Bank, run: c39,
		Why: "A script that repeats one code as the token moves on tries a new guess each minute, and is never locked out.",
		Steps: []string{
			"Import a token.",
			"Enter the same wrong code as often as wrong codes lock a token.",
			"Enter the current code. It must be refused.",
		},
	},
	{
		ID: "C40", Requirement: "malformed entries are refused without trouble, and count as declared",
		Source: "bank rule BK-05", Level: Bank, run: c40,
		Why: "An entry that crashes the server, or is passed on to a database or a template, is a way in.",
		Steps: []string{
			"Import a token.",
			"Enter an empty text, too few and too many digits, letters, full-width digits, and texts that are dangerous in databases and templates. Each must be refused, without an error of the server.",
			"Enter the current code. Whether it is accepted must agree with count_malformed, if the target file declares it.",
			"Enter the current code of another token. It must be accepted.",
		},
	},
	{
		ID: "C41", Requirement: "used codes count as declared, and never unlock a token",
		Source: "NIST SP 800-63B-4 §3.2.2; bank rule BK-02", Level: Should, run: c41,
		Why: "Users press the button twice. If that counts, it locks them out, and the help desk must be aware of it.",
		Steps: []string{
			"Import a token, and enter its current code. It must be accepted.",
			"Enter the same code as often as wrong codes lock a token. It must be refused.",
			"Enter the next code. Whether it is accepted must agree with count_replayed, if the target file declares it.",
			"Use another token, and lock it. Enter its used code as often again, and then its next code. It must be refused.",
		},
	},
	{
		ID: "C42", Requirement: "wrong codes that arrive at once are all counted",
		Source: "RFC 4226 §7.3", Level: Must, run: c42,
		Why: "If parallel attempts are counted as one, the limit of attempts does not hold for an attacker who opens many connections.",
		Steps: []string{
			"Import a token.",
			"Send as many wrong codes as lock a token, all at the same time.",
			"Enter the current code. It must be refused.",
			"Repeat this with 10 tokens, because a race is not lost every time.",
		},
	},
	{
		ID: "C43", Requirement: "while a token is out of use, answers do not reveal whether a code is correct",
		Source: "NIST SP 800-63B-4 §3.2.2", Level: Must, run: c43,
		Why: "A lockout that answers correct codes differently is no lockout: an attacker goes on guessing until the answer changes, and then waits for the help desk.",
		Steps: []string{
			"Import a token and lock it. Import others, and revoke one, let one expire, and report one as lost and one as broken, as far as the target has the verbs.",
			"Enter wrong codes, and then correct ones. All must be refused.",
			"Compare the answers, except for numbers that also vary among the answers to wrong codes. Those to correct codes must be like those to wrong ones.",
		},
	},
}

func c36(e *env) string {
	fresh := e.token()
	e.accept(fresh, e.good(fresh), "the correct code of a token without wrong ones")
	t := e.token()
	e.loose()
	for i, code := range e.wrongCodes(t, maxWrong+1) {
		e.refuse(t, code, "wrong code %d", i+1)
	}
	e.settle()
	e.refuse(t, e.good(t), "the correct code after %d wrong ones", maxWrong+1)
	text := fmt.Sprintf("the correct code after %d wrong ones is refused", maxWrong+1)
	if !e.has(VerbClock) {
		return text
	}
	n := e.lockout()
	hours := maxWrong/n + 1
	for range hours {
		e.advance(3600)
		for _, code := range e.wrongCodes(t, n) {
			e.refuse(t, code, "a wrong code in a later hour")
		}
	}
	e.advance(3600)
	e.refuse(t, e.code(t, 0), "the correct code after %d wrong ones, %d more in each of %d hours, and another hour", maxWrong+1, n, hours)
	return text + fmt.Sprintf(", and after %d more in each of %d hours", n, hours)
}

func c37(e *env) string {
	n := e.run.threshold.get(e, lockoutID, (*env).measureLockout)
	d := e.target.Declares.Lockout
	switch {
	case n == 0:
		e.failf("%d wrong codes do not lock a token", maxWrong)
	case d == nil:
		return fmt.Sprintf("locked after %d wrong codes; the target declares no number", n)
	}
	equal(e, *d, n, "wrong codes until the correct one is refused")
	return fmt.Sprintf("the correct code is accepted after %d wrong ones and refused after %d", n-1, n)
}

func c38(e *env) string {
	n := e.lockout()
	if n == 1 {
		e.skipf("one wrong code locks a token")
	}
	t := e.token()
	for range 2 {
		e.loose()
		for _, code := range e.wrongCodes(t, n-1) {
			e.refuse(t, code, "a wrong code")
		}
		e.settle()
		e.accept(t, e.good(t), "the correct code after %d wrong ones", n-1)
	}
	return fmt.Sprintf("%d wrong codes, a correct one, %[1]d wrong codes, a correct one: both correct codes accepted", n-1)
}

func c39(e *env) string {
	n := e.lockout()
	t := e.token()
	code := e.wrongCodes(t, 1)[0]
	e.loose()
	for range n {
		e.refuse(t, code, "the same wrong code")
	}
	e.settle()
	e.refuse(t, e.good(t), "the correct code after the same wrong one %d times", n)
	return fmt.Sprintf("locked after the same wrong code %d times", n)
}

// malformed are entries that cannot be codes of 6 digits.
var malformed = []string{
	"", "12345", "1234567", "12345a", "abcdef", "１２３４５６", "      ", "12 456", "-12345", "123456789012345678901234567890", "'; --", "{{7}}",
}

func c40(e *env) string {
	t := e.token()
	e.loose()
	for _, s := range malformed {
		e.refuse(t, s, "the malformed entry %q", s)
	}
	e.settle()
	counted := e.check(t, e.good(t)).Verdict != Accepted
	fresh := e.token()
	e.accept(fresh, e.good(fresh), "the correct code of another token")
	text := fmt.Sprintf("%d malformed entries refused; the correct code after them: %s", len(malformed), map[bool]string{true: "refused", false: "accepted"}[counted])
	if d := e.target.Declares.CountMalformed; d != nil {
		equal(e, *d && e.lockoutOr(maxWrong) <= len(malformed), counted, "locked after %d malformed entries", len(malformed))
		return text + ", as declared"
	}
	return text
}

// c41 uses a second token for the lockout, and does not wait for a code between the lockout and
// the last code: a lockout that ends by itself is a matter of C46.
func c41(e *env) string {
	n := e.lockout()
	replay := func(t *Token, code string) {
		e.loose()
		for range n {
			e.refuse(t, code, "the used code")
		}
		e.settle()
	}
	one := e.token()
	code := e.good(one)
	e.accept(one, code, "the code")
	replay(one, code)
	counted := e.check(one, e.good(one)).Verdict != Accepted
	if d := e.target.Declares.CountReplayed; d != nil {
		equal(e, *d, counted, "locked after a used code %d times", n)
	}
	t := e.token()
	code = e.good(t)
	e.accept(t, code, "the code of another token")
	twin := e.twin()
	e.lock(t)
	replay(t, code)
	next := e.code(t, 1)
	e.await(twin)
	e.refuse(t, next, "the correct code of a locked token, after used codes")
	return fmt.Sprintf("after a used code %d times, the correct code is %s; used codes do not unlock", n, map[bool]string{true: "refused", false: "accepted"}[counted])
}

// c42 enters as many wrong codes at once as lock a token, so each of them must count.
func c42(e *env) string {
	const tokens = 10
	n := e.lockout()
	if n == 1 {
		e.skipf("one wrong code locks a token")
	}
	for i := range tokens {
		t := e.token()
		e.loose()
		equal(e, 0, e.atOnce(t, e.wrongCodes(t, n)), "accepted of %d wrong codes at once", n)
		failed := e.status(t).Failed // a correct code may reset it
		e.settle()
		if e.check(t, e.good(t)).Verdict == Accepted {
			counted := ""
			if failed != nil {
				counted = fmt.Sprintf(", %d counted", *failed)
			}
			e.failf("after %d wrong codes at once, the correct code is accepted, on token %d of %d%s", n, i+1, tokens, counted)
		}
	}
	return fmt.Sprintf("%d wrong codes at once lock each of %d tokens", n, tokens)
}

// c43 compares the texts of answers, except for numbers that vary anyway.
func c43(e *env) string {
	states := e.retired()
	if e.lockoutOr(0) > 0 {
		locked := e.token()
		e.lock(locked)
		states = append(states, outOfUse{"locked", locked})
	}
	if len(states) == 0 {
		e.skipf("%d wrong codes lock no token (C36), and there is no verb revoke, report or import_file", maxWrong)
	}
	used := e.token()
	e.accept(used, e.good(used), "the code of a token in use")
	for _, s := range states {
		var wrong []string
		var correct []string
		for i, code := range e.wrongCodes(s.Token, 5) { // three, and one after each correct one
			if n := int64(i) - 3; n >= 0 {
				a := e.check(s.Token, e.code(s.Token, n))
				e.refused(a, "the correct code of a token that is %s", s.state)
				correct = append(correct, e.constant(s.Token, a))
			}
			a := e.check(s.Token, code)
			e.refused(a, "a wrong code of a token that is %s", s.state)
			wrong = append(wrong, e.constant(s.Token, a))
		}
		for _, got := range correct {
			if !like(got, wrong) {
				mine, other := differing(got, wrong[0])
				e.failf("a token that is %s: the answer to the correct code is %q, and to a wrong one %q", s.state, mine, other)
			}
		}
	}
	var names []string
	for _, s := range states {
		names = append(names, s.state)
	}
	return fmt.Sprintf("the answers to correct and wrong codes are equal, except for numbers that also vary without them, while a token is %s", strings.Join(names, ", "))
}

// constant returns the text of an answer without the names of the token and its user.
func (e *env) constant(t *Token, a Answer) string {
	text := a.Verdict.String() + ": " + a.Text
	return regexp.MustCompile(regexp.QuoteMeta(t.User)+"|"+regexp.QuoteMeta(t.Serial)).ReplaceAllString(text, "#")
}

var (
	// varying matches the parts of an answer that may differ between any two of them: words
	// with a digit, and long ones.
	varying = regexp.MustCompile(`[\w.:+/=-]*[0-9][\w.:+/=-]*|[\w+/=-]{16,}`)
	// resultCode matches the part that must not.
	resultCode = regexp.MustCompile(`^[^:]*: (?:status|exit code) [0-9]+`)
)

// parts splits a text into its constant part and the others.
func parts(text string) (constant string, others []string) {
	first := resultCode.FindString(text)
	rest := text[len(first):]
	return first + varying.ReplaceAllString(rest, "#"), varying.FindAllString(rest, -1)
}

// differing returns the constant parts of two texts, or the texts if those are equal.
func differing(one, two string) (string, string) {
	a, _ := parts(one)
	if b, _ := parts(two); a != b {
		return a, b
	}
	return one, two
}

// like reports whether a text is like others of the same kind, among which some parts may vary.
func like(text string, kind []string) bool {
	constant, mine := parts(text)
	var seen [][]string // of the same constant part
	for _, other := range kind {
		if c, others := parts(other); c == constant {
			seen = append(seen, others)
		}
	}
	if len(seen) < 2 { // too few to compare
		return len(seen) == 1
	}
	for i, part := range mine {
		varies := slices.ContainsFunc(seen, func(others []string) bool { return others[i] != seen[0][i] })
		if !varies && part != seen[0][i] {
			return false
		}
	}
	return true
}
