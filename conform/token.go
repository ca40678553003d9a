// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/d204ef64/fob/conform/seedset"
	"github.com/d204ef64/fob/token"
)

// period is the usual time step of tokens, in seconds.
const period = 60

// Token is a token that the suite makes for a case.
type Token struct {
	Serial string // 12 digits
	User   string // Import assigns the token to this user
	Seed   token.Seed
	Digits uint8
	Period int64 // seconds

	key     []byte
	alg     token.Algorithm
	special string // a property that a random seed lacks, for people who repeat a case
	last    int64  // the last step whose code the case has submitted as a correct one
	locked  int64  // when the case has locked it, 0 if it has not
	removed bool   // from the target, to make room for another one

	refusals int             // in a row, of entries that may count as wrong codes
	accepted map[string]bool // codes
}

// hotp returns the code of a step.
func (t *Token) hotp(step int64) string {
	return string(token.AppendHOTP(nil, t.key, t.alg, t.Digits, uint64(step)))
}

// distinct is the number of steps before and after the current one whose codes differ.
const distinct = 40

// newToken makes a token that is not in the target yet.
func (e *env) newToken() *Token {
	for {
		t := e.randomToken()
		seen := map[string]bool{}
		for n := -int64(distinct); n <= distinct; n++ {
			seen[e.code(t, n)] = true
		}
		if len(seen) == 2*distinct+1 {
			return t
		}
	}
}

// randomToken makes a token whose codes may repeat.
func (e *env) randomToken() *Token {
	return e.tokenWith(seedset.Key(e.random))
}

func (e *env) tokenWith(key []byte) *Token {
	seed, err := token.NewSeed(key)
	if err != nil {
		panic(err) // a mistake in a case
	}
	e.made++
	e.secret.addSeed(key)
	serial := seedset.Serial(e.run.number, e.number, e.made)
	return &Token{Serial: serial, User: "u" + serial, Seed: seed, Digits: 6, Period: e.period(), key: key, last: -1}
}

// token makes a token and imports it into the target.
func (e *env) token() *Token { return e.imported(e.newToken()) }

// imported imports a token, which must succeed.
func (e *env) imported(t *Token) *Token {
	if err := e.tryImport(t); err != nil {
		e.fail(VerbImport, err)
	}
	return t
}

// tryImport imports a token. If the target holds only a few tokens, the oldest one of the
// case is removed.
func (e *env) tryImport(t *Token) error { return e.tryWith(e.target.Import, t) }

// tryWith is tryImport for another way to import a token.
func (e *env) tryWith(send func(context.Context, *Token) error, t *Token) error {
	e.makeRoom(1)
	e.secret.addSeed(t.key) // a case may have changed it
	err := e.unlimited(func() error { return send(e.ctx, t) })
	e.about(VerbImport, t, err)
	if err == nil {
		e.run.held.Add(1)
		e.tokens = append(e.tokens, t)
	}
	return err
}

// unlimited imports something, again if the target has not looked at it because of too many
// requests. The target has not refused it.
func (e *env) unlimited(do func() error) error {
	for tries := 0; ; tries++ {
		err := do()
		var l *LimitedError
		if !errors.As(err, &l) {
			return err
		}
		if tries == maxRetries || l.RetryAfter > longestRetry {
			e.skipf("the target limits the rate of imports, and has not looked at one: %v", err)
		}
		e.sleep(max(l.RetryAfter, time.Second))
	}
}

// control requires a correct token to be imported after others were refused: otherwise it is
// not clear why.
func (e *env) control() {
	if err := e.tryImport(e.newToken()); err != nil {
		e.skipf("the target also refuses a correct token then: %v", err)
	}
}

// makeRoom removes the oldest tokens of the case if the target cannot hold n more.
func (e *env) makeRoom(n int) {
	most := e.target.Limits.Tokens
	if most == 0 {
		return
	}
	for e.run.held.Load()+int64(n) > int64(most) {
		switch {
		case e.target.Remove == nil:
			e.skipf("limits: {tokens: %d}: needs the verb remove", most)
		case len(e.tokens) == 0:
			panic(stop{outcome: NotApplicable, detail: fmt.Sprintf("limits: {tokens: %d}: other tokens fill the target", most), full: true})
		}
		e.remove(e.tokens[0])
	}
}

// remove removes the first of the case's tokens from the target.
func (e *env) remove(t *Token) {
	if err := e.target.Remove(e.ctx, t); err != nil && !errors.Is(err, ErrRefused) {
		e.fail(VerbRemove, err)
	}
	e.run.held.Add(-1)
	t.removed = true
	e.tokens = e.tokens[1:]
}

// present ends the case if a token was removed to make room: it needs more tokens at once
// than the target holds.
func (e *env) present(t *Token) {
	if t != nil && t.removed {
		e.skipf("limits: {tokens: %d}: this case needs more tokens at once", e.target.Limits.Tokens)
	}
}

// clean removes the tokens of an ended case.
func (e *env) clean() {
	if e.target.Remove == nil {
		return
	}
	ctx := context.WithoutCancel(e.ctx)
	for _, t := range e.tokens {
		if e.target.Remove(ctx, t) == nil {
			e.run.held.Add(-1)
			t.removed = true
		}
	}
}

// about records a verb that is about a token and no code.
func (e *env) about(v Verb, t *Token, err error) {
	e.did(&action{verb: v, token: t, user: t.User, text: func() string {
		return fmt.Sprintf("%s token %s: %s", v, t.Serial, told(err))
	}})
}

func told(err error) string {
	if err != nil {
		return err.Error()
	}
	return "done"
}

// near is the number of steps before and after the current one whose codes are not wrong.
const near = 120

// wrongCodes returns n codes that the token does not show near the current step.
func (e *env) wrongCodes(t *Token, n int) []string {
	shown := map[string]bool{}
	for i := -int64(near); i <= near; i++ {
		shown[t.hotp(e.stepOf(t)+i)] = true
	}
	var list []string
	for len(list) < n {
		e.interrupted()
		if code := fmt.Sprintf("%0*d", int(t.Digits), e.random.IntN(1_000_000)); !shown[code] {
			shown[code] = true
			list = append(list, code)
		}
	}
	return list
}
