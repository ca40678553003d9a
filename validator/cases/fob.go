// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"crypto/rand"
	"fmt"
	"net/http"

	"github.com/d204ef64/fob/token"
)

// fob is a token with its own clock.
type fob struct {
	serial string
	key    []byte
	alg    token.Algorithm
	digits uint8
}

// code returns the code that the token shows at an instant.
func (f *fob) code(unix int64) string { return f.hotp(unix / period) }

func (f *fob) hotp(step int64) string {
	return string(token.AppendHOTP(nil, f.key, f.alg, f.digits, uint64(step)))
}

// newFob creates a random token that is not yet imported into the target.
func (e *env) newFob() *fob {
	key := make([]byte, 20)
	if _, err := rand.Read(key); err != nil {
		e.failf("%v", err)
	}
	return &fob{serial: e.newSerial(), key: key, digits: 6}
}

func (e *env) newSerial() string {
	e.made++
	return fmt.Sprintf("%06d%06d", e.run.id, e.made)
}

// fobs creates tokens and imports them for the contract.
func (e *env) fobs(n int) []*fob {
	var list []*fob
	var keys []pskcKey
	for range n {
		f := e.newFob()
		list = append(list, f)
		keys = append(keys, pskcKey{fob: f})
	}
	e.importFile(pskcFile("", keys...), e.contract)
	return list
}

// fob creates and imports one token.
func (e *env) fob() *fob { return e.fobs(1)[0] }

// inventoryToken creates a token and imports it into the inventory, without a contract.
func (e *env) inventoryToken() *fob {
	f := e.newFob()
	e.importFile(pskcFile("", pskcKey{fob: f}), "")
	return f
}

// tryImport sends a seed file.
func (e *env) tryImport(file, query string) reply {
	r, err := e.client.send(e.ctx, e.client.t.ClerkKey, http.MethodPost, "/v1/imports?"+query, "application/octet-stream", []byte(file))
	if err != nil {
		e.failf("import: %v", err)
	}
	return r
}

// importFile imports a seed file, which must succeed.
func (e *env) importFile(file, contract string) {
	query := ""
	if contract != "" {
		query = "contract=" + escaped(contract)
	}
	if r := e.tryImport(file, query); r.status != http.StatusCreated {
		e.failf("import: %v", r.unexpected())
	}
}

// hasToken reports whether the target has a token.
func (e *env) hasToken(f *fob) bool {
	switch r := e.send(e.client.t.ClerkKey, http.MethodGet, "/v1/tokens/"+escaped(f.serial), nil); r.status {
	case http.StatusOK:
		return true
	case http.StatusNotFound:
		return false
	default:
		e.failf("token: %v", r.unexpected())
		return false
	}
}

// code returns the code of the token if its clock is n steps ahead of the target's.
func (e *env) code(f *fob, n int64) string { return f.code(e.now + n*period) }

// wrongCodes returns n codes that the token does not show in any step near the current
// one.
func (e *env) wrongCodes(f *fob, n int) []string {
	shown := map[string]bool{}
	for i := int64(-1500); i <= 1500; i++ {
		shown[e.code(f, i)] = true
	}
	var list []string
	for i := 0; len(list) < n; i++ {
		if code := fmt.Sprintf("%0*d", int(f.digits), (i*7919+13)%1_000_000); !shown[code] {
			shown[code] = true
			list = append(list, code)
		}
	}
	return list
}

// check submits a code and returns the answer.
func (e *env) check(f *fob, code string) string {
	a, err := e.client.check(e.ctx, f.serial, code)
	if err != nil {
		e.failf("check: %v", err)
	}
	return a
}

// accept and refuse require a code to be accepted, or not to be.
func (e *env) accept(f *fob, code, format string, args ...any) {
	if a := e.check(f, code); a != accepted {
		e.failf("%s: %s", fmt.Sprintf(format, args...), a)
	}
}

func (e *env) refuse(f *fob, code, format string, args ...any) {
	if a := e.check(f, code); a == accepted {
		e.failf("%s: accepted", fmt.Sprintf(format, args...))
	}
}

// suspend enters wrong codes up to the limit. The token must then be suspended.
func (e *env) suspend(f *fob) {
	for _, code := range e.wrongCodes(f, e.rules.LockoutThreshold) {
		e.refuse(f, code, "a wrong code")
	}
	if !e.token(f).Suspended {
		e.failf("not suspended after %d wrong codes", e.rules.LockoutThreshold)
	}
}

// tokenView is the back office's view of a token.
type tokenView struct {
	Contract       string   `json:"contract"`
	Start          string   `json:"start"`
	Expiry         string   `json:"expiry"`
	Condition      string   `json:"condition"`
	Suspended      bool     `json:"suspended"`
	Users          []string `json:"users"`
	FailedAttempts int      `json:"wrong_entries"`
	Offset         int64    `json:"offset_steps"`
}

// token reads the back office's view of a token.
func (e *env) token(f *fob) (v tokenView) {
	e.get("/v1/tokens/"+escaped(f.serial), &v)
	return v
}

// resync corrects a token's clock at the back office, and returns the answer.
func (e *env) resync(f *fob, first, second string) string {
	return e.perform(e.client.t.ClerkKey, f, "resync", object{"first": first, "second": second}).Answer
}

// perform performs an operation on a token: resync, revocation, suspension/lift,
// activation.
func (e *env) perform(secret string, f *fob, what string, body object) answer {
	a, err := e.send(secret, http.MethodPost, "/v1/tokens/"+escaped(f.serial)+"/"+what, body).answer()
	if err != nil {
		e.failf("%s: %v", what, err)
	}
	return a
}

// lift unlocks a token on paper.
func (e *env) unlock(f *fob) {
	equal(e, true, e.perform(e.client.t.ClerkKey, f, "suspension/lift", object{}).Done, "unlocked on paper")
	equal(e, false, e.token(f).Suspended, "suspended after unlocking")
}

// revoke revokes a token on paper.
func (e *env) revoke(f *fob) {
	equal(e, true, e.perform(e.client.t.ClerkKey, f, "revocation", object{}).Done, "revoked on paper")
}

// report records a token's status.
func (e *env) report(f *fob, condition string) {
	equal(e, true, e.perform(e.client.t.ClerkKey, f, "report", object{"condition": condition}).Done, "reported as %s", condition)
}
