// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/d204ef64/fob/conform/seedset"
)

// member is a user of a contract, with their own token.
type member struct {
	Person
	token *Token // nil before the activation
}

// The verbs of cases with users of a bank.
var bankUsers = []Verb{VerbImportFile, VerbContract, VerbUser, VerbActivate}

func with(verbs []Verb, more ...Verb) []Verb { return append(append([]Verb{}, verbs...), more...) }

// contract adds a contract, and returns its name.
func (e *env) contract() string {
	e.made++
	id := fmt.Sprintf("c%06d%03d%03d", e.run.number, e.number%1000, e.made%1000)
	err := e.target.AddContract(e.ctx, id)
	e.logf("add contract %s: %s", id, told(err))
	if err != nil {
		e.fail(VerbContract, err)
	}
	return id
}

// member adds a user to a contract.
func (e *env) member(contract string, role Role) *member {
	e.made++
	m := &member{Person: Person{ID: fmt.Sprintf("%s%06d%03d%03d", role, e.run.number, e.number%1000, e.made%1000), Contract: contract, Role: role}}
	err := e.target.AddUser(e.ctx, m.Person)
	e.logf("add user %s to contract %s: %s", m.ID, contract, told(err))
	if err != nil {
		e.fail(VerbUser, err)
	}
	return m
}

// holder adds a user with a token of their own.
func (e *env) holder(contract string, role Role) *member {
	m := e.member(contract, role)
	e.activate(m, e.issue(contract, ""))
	return m
}

// inUse returns a token with which its user can log in. On a target without the verb
// assign, the users of a bank register their tokens before.
func (e *env) inUse() *Token {
	if e.has(VerbAssign) || slices.ContainsFunc(bankUsers, func(v Verb) bool { return !e.has(v) }) {
		return e.token()
	}
	return e.holder(e.contract(), Master).token
}

// issue makes a token and imports it for a contract. Its expiry is an xs:dateTime, or "".
func (e *env) issue(contract, expiry string) *Token {
	t := e.newToken()
	if err := e.tryIssue(t, contract, expiry); err != nil {
		e.fail(VerbImportFile, err)
	}
	return t
}

func (e *env) tryIssue(t *Token, contract, expiry string) error {
	if !slices.Contains(e.target.Formats, issueFormat) {
		e.skipf("needs %s with the format %s", VerbImportFile, issueFormat)
	}
	e.makeRoom(1)
	err := e.unlimited(func() error {
		return e.target.ImportFile(e.ctx, &SeedFile{Token: t, Contract: contract, Format: issueFormat, Text: pskcOf(t, expiry)})
	})
	text := ""
	if contract != "" {
		text = " for contract " + contract
	}
	if expiry != "" {
		text += ", which expires at " + expiry
	}
	e.logf("import token %s%s from a PSKC file: %s", t.Serial, text, told(err))
	if err == nil {
		e.run.held.Add(1)
		e.tokens = append(e.tokens, t)
	}
	return err
}

// issueFormat is the format of files with an expiry date.
const issueFormat = "pskc"

// pskcOf returns a PSKC file with a token, whose expiry is an xs:dateTime or "".
func pskcOf(t *Token, expiry string) []byte {
	f := seedset.Token{Serial: t.Serial, Key: t.key, Algorithm: t.alg, Digits: t.Digits, Period: t.Period}
	if expiry != "" {
		var err error
		if f.Expiry, err = time.Parse(time.RFC3339, expiry); err != nil {
			panic(err) // a mistake in a case
		}
	}
	return seedset.PSKC(f)
}

// act does a verb of a user with a code of their own token.
func (e *env) act(v Verb, do func(context.Context, Act) (Answer, error), own *Token, a Act) Answer {
	e.present(a.Token)
	e.secret.addCode(a.Code)
	for tries := 0; ; tries++ {
		answer, err := do(e.ctx, a)
		if err != nil {
			e.logf("%s: %v", v, err)
			e.fail(v, err)
		}
		e.inStep()
		if answer.Verdict != Limited || tries == maxRetries || answer.RetryAfter > longestRetry {
			e.logf("%s as %s, %s: %s", v, a.Person.ID, a.described(), answer.Verdict)
			if answer.Verdict == Limited {
				e.skipf("the target limits the rate of attempts, and has not checked a code")
			}
			e.described(v, answer)
			return e.counted(own, a.Code, answer)
		}
		e.sleep(max(answer.RetryAfter, time.Second))
	}
}

func (a *Act) described() string {
	text := a.Operation
	if a.Token != nil {
		if text != "" {
			text += ", "
		}
		text += "token " + a.Token.Serial
	}
	if a.Code == "" {
		return text + ", without a code"
	}
	return text + ", with a code"
}

// tryActivate lets a user register a token.
func (e *env) tryActivate(m *member, t *Token, code string) Answer {
	return e.act(VerbActivate, e.target.Activate, t, Act{Person: m.Person, Token: t, Code: code})
}

// activate registers a token for a user, which must succeed.
func (e *env) activate(m *member, t *Token) {
	e.accepted(e.tryActivate(m, t, e.good(t)), "the registration of token %s by %s", t.Serial, m.ID)
	m.token, t.User = t, m.ID
}

// operate lets a user do an operation.
func (e *env) operate(m *member, operation, code string) Answer {
	return e.act(VerbOperate, e.target.Operate, m.token, Act{Person: m.Person, Token: m.token, Operation: operation, Code: code})
}

// unlockAs and revokeAs let a user act on a token, with a code of their own one.
func (e *env) unlockAs(m *member, t *Token, code string) Answer {
	e.present(m.token)
	answer := e.act(VerbUnlockAs, e.target.UnlockAs, m.token, Act{Person: m.Person, Token: t, Code: code})
	if answer.Verdict == Accepted {
		t.refusals = 0
	}
	return answer
}

func (e *env) revokeAs(m *member, t *Token, code string) Answer {
	e.present(m.token)
	return e.act(VerbRevokeAs, e.target.RevokeAs, m.token, Act{Person: m.Person, Token: t, Code: code})
}

// onPaper requires an action to be refused with the answer that only paper remains.
func (e *env) onPaper(a Answer, format string, args ...any) {
	e.refused(a, format, args...)
	if !a.OnPaper {
		e.failf("%s: the answer does not say that only an application on paper remains: %s", fmt.Sprintf(format, args...), a.Text)
	}
}

// report records the condition of a token.
func (e *env) report(t *Token, condition string) {
	e.present(t)
	err := e.target.Report(e.ctx, t, condition)
	e.logf("report that token %s is %s: %s", t.Serial, condition, told(err))
	if err != nil {
		e.fail(VerbReport, err)
	}
}

// stillLocked requires a token to be locked, after something that must not unlock it.
// After half a minute, the lockout may also have ended by itself (C46).
func (e *env) stillLocked(t *Token, format string, args ...any) {
	after := fmt.Sprintf(format, args...)
	open := func(text string) {
		if ago := e.time() - t.locked; ago > 30 {
			e.skipf("%s, %d s later: the lockout may have ended by itself (C46)", text, ago)
		}
		e.failf("%s", text)
	}
	if locked := e.status(t).Locked; locked != nil {
		if !*locked {
			open("the token is not locked after " + after)
		}
		return
	}
	if e.check(t, e.good(t)).Verdict == Accepted {
		open("the correct code of a locked token is accepted after " + after)
	}
}

// outOfUse is a token that is not in use, with its state.
type outOfUse struct {
	state string
	*Token
}

// retired makes tokens that are out of use for good, one for each state that the verbs of
// the target allow. A state whose codes are accepted is left out: other cases find that.
func (e *env) retired() (list []outOfUse) {
	if t := e.expired(); t != nil {
		list = append(list, outOfUse{"expired", t})
	}
	if e.has(VerbRevoke) {
		t := e.token()
		e.revoke(t)
		list = append(list, outOfUse{"revoked", t})
	}
	if e.has(VerbReport) {
		for _, condition := range []string{"lost", "broken"} {
			t := e.token()
			e.report(t, condition)
			list = append(list, outOfUse{condition, t})
		}
	}
	return list
}

// expired returns an expired token, or nil if the target cannot have one.
func (e *env) expired() *Token {
	if !slices.Contains(e.target.Formats, issueFormat) || !e.has(VerbImportFile) {
		return nil
	}
	t := e.newToken()
	at := e.time() - 2*day
	if e.has(VerbClock) {
		at = e.time() + day
	}
	err := e.tryIssue(t, "", time.Unix(at, 0).UTC().Format(time.RFC3339))
	switch {
	case errors.Is(err, ErrRefused):
		return nil
	case err != nil:
		e.fail(VerbImportFile, err)
	}
	if e.has(VerbClock) {
		e.accept(t, e.good(t), "the code of a token that expires in a day")
		e.setClock(at + 2*day)
	}
	if e.check(t, e.good(t)).Verdict == Accepted {
		return nil // C52 finds this
	}
	return t
}
