// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var keyCases = []Case{
	{
		ID: "C64", Requirement: "the code of a registration cannot be used again",
		Source: "RFC 6238 §5.2", Level: Must, Needs: bankUsers, run: c64,
		Why: "Users often read the first code to the help desk, or type it while others watch. It was accepted once, and must not also log in.",
		Steps: []string{
			"Let a user register a token with its current code. It must succeed.",
			"Enter the same code as a login, and for a transfer if the target has the verb operate. It must be refused.",
			"Enter the next code. It must be accepted.",
		},
	},
	{
		ID: "C65", Requirement: "no answer contains a seed, or a code that was entered",
		Source: "NIST SP 800-63B-4 §3.1.4.2; RFC 6238 R7", Level: Must, run: c65,
		Why: "A seed in an answer is a copy of the token for all who read it: clerks, proxies, logs. A code in an error text ends in the log of the client.",
		Steps: []string{
			"Import a token, and enter a correct code, a wrong one, and a used one with a space.",
			"Import the token again, and others from a damaged file and from a correct one. Correct the clock with wrong codes, act as a user, and read the status and the records, as far as the target has the verbs. Import a token with a short seed.",
			"The answers must contain neither the seed in hexadecimal, base32 or base64 nor a code.",
		},
	},
	{
		ID: "C66", Requirement: "a seed has at least 112 bits and belongs to one token",
		Source: "NIST SP 800-63B-4 §3.1.4.1; RFC 6238 R5", Level: Must, run: c66,
		Why: "Seeds of 80 bits can be found from a few codes with rented computers. Two tokens with one seed are copies of each other: either of them logs in as the other.",
		Steps: []string{
			"Import a token with a seed of 160 bits, and enter its current code. It must be accepted.",
			"Import a token with a seed of 80 bits. The import must be refused.",
			"Import a second token with the seed of the first. The import must be refused.",
			"Import a token with a seed of its own. It must be imported: otherwise the refusals mean nothing.",
		},
	},
	{
		ID: "C67", Requirement: "tokens that show a code for longer than 2 minutes are refused",
		Source: "NIST SP 800-63B-4 §3.1.4.1", Level: Must, lacks: ownPeriod, run: c67,
		Why: "A code that is shown for 5 minutes can be phished and used for 5 minutes, and with a window of one step for 15.",
		Steps: []string{
			"Import a token of 60 s, and enter its current code. It must be accepted.",
			"Import tokens of 180 s and 300 s. The import must be refused, or else their current codes.",
			"Import a token of 60 s. It must be imported: otherwise the refusals mean nothing.",
		},
	},
}

func c66(e *env) string {
	one := e.token()
	e.accept(one, e.good(one), "the code of a token with a seed of 160 bits")
	short := e.newToken()
	short.key = short.key[:10]
	short.Seed = seedOf(short.key)
	for _, t := range []struct {
		name  string
		token *Token
	}{{"a token with a seed of 80 bits", short}, {"a second token with the seed of another one", e.tokenWith(one.key)}} {
		switch err := e.tryImport(t.token); {
		case err == nil:
			e.present(one)
			e.failf("%s is imported", t.name)
		case !errors.Is(err, ErrRefused):
			e.fail(VerbImport, err)
		}
	}
	e.control()
	return "a seed of 80 bits and a seed of another token are refused"
}

// longest is how long a token may show a code, in seconds.
const longest = 120

// c67 also allows the import of such a token if its codes are not accepted: some targets judge
// the period only then, or ignore it.
func c67(e *env) string {
	one := e.token()
	e.accept(one, e.good(one), "the code of a token of 60 s")
	var said []string
	for _, p := range []int64{longest + 60, longest + 180} {
		e.other = p
		t := e.newToken()
		switch err := e.tryImport(t); {
		case errors.Is(err, ErrRefused):
			said = append(said, fmt.Sprintf("tokens of %d s are refused", p))
		case err != nil:
			e.fail(VerbImport, err)
		default:
			e.settle()
			if e.check(t, e.code(t, 0)).Verdict == Accepted {
				e.failf("the code of a token of %d s is accepted", p)
			}
			said = append(said, fmt.Sprintf("tokens of %d s are imported, but their codes are not accepted", p))
		}
	}
	e.other = 0
	e.control()
	return strings.Join(said, "; ")
}

func c64(e *env) string {
	m := e.member(e.contract(), Master)
	t := e.issue(m.Contract, "")
	code := e.good(t)
	e.accepted(e.tryActivate(m, t, code), "the registration")
	m.token, t.User = t, m.ID
	e.refuse(t, code, "the code of the registration as a login")
	if e.has(VerbOperate) {
		e.refused(e.operate(m, "transfer", code), "a transfer with the code of the registration")
		e.accepted(e.operate(m, "transfer", e.good(t)), "a transfer with the next code")
	} else {
		e.accept(t, e.good(t), "the next code")
	}
	return "refused, and the next code accepted"
}

// listener searches answers for secrets.
type listener struct {
	*env
	seeds  [][]byte
	codes  []string
	heard  int // answers
	silent int // answers without a text
}

// hear searches an answer.
func (l *listener) hear(name, text string) {
	l.heard++
	if text == "" {
		l.silent++
	}
	for _, seed := range l.seeds {
		if reveals(text, seed) || strings.Contains(text, base64.RawURLEncoding.EncodeToString(seed)) {
			l.failf("%s contains the seed of a token", name)
		}
	}
	for _, code := range l.codes {
		if regexp.MustCompile(`(^|[^0-9])` + regexp.QuoteMeta(code) + `([^0-9]|$)`).MatchString(text) {
			l.failf("%s contains a code that was entered", name)
		}
	}
}

// during searches the answers to a verb, and its error.
func (l *listener) during(name string, do func() error) error {
	outer := l.ctx
	defer func() { l.ctx = outer }()
	var answers []string
	l.ctx = Hear(outer, func(text string) { answers = append(answers, text) })
	err := do()
	if err != nil {
		answers = append(answers, full(err))
	}
	for _, text := range answers {
		l.hear(name, text)
	}
	return err
}

func c65(e *env) string {
	t := e.newToken()
	l := &listener{env: e, seeds: [][]byte{t.key}}
	if err := l.during("the answer to an import", func() error { return e.tryImport(t) }); err != nil {
		e.fail(VerbImport, err)
	}
	enter := func(name, code string) Answer {
		l.codes = append(l.codes, strings.TrimSpace(code))
		a := e.check(t, code)
		l.hear("the answer to "+name, a.Text)
		return a
	}
	right := e.good(t)
	e.accepted(enter("a correct code", right), "a correct code")
	e.refused(enter("a wrong code", e.wrongCodes(t, 1)[0]), "a wrong code")
	enter("a used code with a space", right+" ")
	_ = l.during("the answer to a second import", func() error { return e.target.Import(e.ctx, t) })
	files := e.has(VerbImportFile) && slices.Contains(e.target.Formats, issueFormat)
	if files {
		broken := e.newToken()
		l.seeds = append(l.seeds, broken.key)
		text := bytes.Replace(pskcOf(broken, ""), []byte("</Key>"), nil, 1)
		_ = l.during("the answer to a damaged file", func() error {
			return e.target.ImportFile(e.ctx, &SeedFile{Token: broken, Format: issueFormat, Text: text})
		})
	}
	if e.has(VerbResync) {
		w := e.wrongCodes(t, 2)
		l.codes = append(l.codes, w...)
		l.hear("the answer to a correction", e.submit(VerbResync, e.target.Resync, Attempt{Token: t, User: t.User, Code: w[0], Second: w[1]}).Text)
	}
	if e.has(VerbActivate) && e.has(VerbUser) && e.has(VerbContract) && files {
		t = l.act()
	}
	if e.has(VerbStatus) {
		l.hear("the status", e.status(t).Text)
	}
	if e.has(VerbAudit) {
		text, err := e.target.Audit(e.ctx, t)
		if err != nil {
			e.fail(VerbAudit, err)
		}
		l.hear("the records", text)
	}
	// last, because these may need the room of another token
	if files {
		whole := e.newToken()
		l.seeds = append(l.seeds, whole.key)
		_ = l.during("the answer to a file", func() error { return e.tryIssue(whole, "", "") })
	}
	short := e.newToken()
	short.key = short.key[:10]
	short.Seed = seedOf(short.key)
	l.seeds = append(l.seeds, short.key)
	_ = l.during("the answer to a short seed", func() error { return e.tryImport(short) })
	if l.silent == l.heard {
		e.skipf("the answers of the target have no text")
	}
	return fmt.Sprintf("%d answers contain neither a seed nor a code; logs of the target were not read", l.heard)
}

// act lets a user act with a new token, which it returns.
func (l *listener) act() *Token {
	m := l.member(l.contract(), Master)
	t := l.issue(m.Contract, "")
	l.seeds = append(l.seeds, t.key)
	code := l.good(t)
	wrong := l.wrongCodes(t, 1)[0]
	l.codes = append(l.codes, code, wrong)
	a := l.tryActivate(m, t, code)
	l.accepted(a, "the registration of a token")
	l.hear("the answer to a registration", a.Text)
	m.token, t.User = t, m.ID
	act := func(v Verb, do func(*member, *Token, string) Answer) {
		if l.has(v) {
			l.hear("the answer to "+string(v)+" with a wrong code", do(m, t, wrong).Text)
		}
	}
	act(VerbOperate, func(m *member, _ *Token, code string) Answer { return l.operate(m, "transfer", code) })
	act(VerbUnlockAs, l.unlockAs)
	act(VerbRevokeAs, l.revokeAs)
	return t
}
