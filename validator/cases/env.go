// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// start is the target's time when a case begins: noon of 1 April 2026 in Japan, which
// is the beginning of a step.
const start int64 = 1775012400

// period is the time step of all tokens, in seconds.
const period = 60

// env is the environment of a running case. If a requirement is not met, its methods
// end the case. Only the case's goroutine may call them.
type env struct {
	*run
	id       string
	now      int64 // the target's time
	contract string
	users    int
}

func (e *env) failf(format string, args ...any) {
	panic(stop{Fail, fmt.Sprintf(format, args...)})
}

func (e *env) skipf(format string, args ...any) {
	panic(stop{NotApplicable, fmt.Sprintf(format, args...)})
}

// begin sets the clock and creates a contract.
func (e *env) begin() {
	e.setClock(start)
	e.contract = e.newContract("")
}

// equal fails unless got equals want.
func equal[T comparable](e *env, want, got T, format string, args ...any) {
	if want != got {
		e.failf("%s: got %v, want %v", fmt.Sprintf(format, args...), got, want)
	}
}

// send sends a request to the target.
func (e *env) send(secret, method, path string, body any) reply {
	r, err := e.client.do(e.ctx, secret, method, path, body)
	if err != nil {
		e.failf("%s %s: %v", method, path, err)
	}
	return r
}

// get reads a resource as a clerk.
func (e *env) get(path string, into any) {
	r := e.send(e.client.t.ClerkKey, http.MethodGet, path, nil)
	if r.status != http.StatusOK {
		e.failf("GET %s: %v", path, r.unexpected())
	}
	if err := json.Unmarshal(r.body, into); err != nil {
		e.failf("GET %s: %v", path, err)
	}
}

// clerk sends a request as a clerk. into may be nil.
func (e *env) clerk(method, path string, body, into any) {
	r := e.send(e.client.t.ClerkKey, method, path, body)
	if r.status < 200 || r.status > 299 {
		e.failf("%s %s: %v", method, path, r.unexpected())
	}
	if into == nil {
		return
	}
	if err := r.json(into); err != nil {
		e.failf("%s %s: %v", method, path, err)
	}
}

// setClock sets the target's clock.
func (e *env) setClock(unix int64) {
	e.clerk(http.MethodPost, "/v1/clock", object{"now": unix}, nil)
	e.now = unix
}

// setClockText sets the target's clock to a time in RFC 3339 format.
func (e *env) setClockText(text string) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		e.failf("%v", err)
	}
	e.setClock(t.Unix())
}

// advance moves the clock by a number of seconds, and advanceSteps by a number of 60 s
// steps.
func (e *env) advance(seconds int64) { e.setClock(e.now + seconds) }
func (e *env) advanceSteps(n int64)  { e.advance(n * period) }

// restart restarts the target.
func (e *env) restart() {
	if e.client.t.Restart == nil {
		e.skipf("the suite cannot restart the target")
	}
	if err := e.client.t.Restart(e.ctx); err != nil {
		e.failf("restarting: %v", err)
	}
	e.client.http.CloseIdleConnections()
}

// newContract creates a contract and returns its ID.
func (e *env) newContract(more string) string {
	id := fmt.Sprintf("%s-%06d%s", e.id, e.run.id, more)
	e.clerk(http.MethodPost, "/v1/contracts", object{
		"id": id, "name": "株式会社 " + id, "address": "東京都千代田区丸の内1-1-1", "email": "contract@example.com", "language": "ja",
	}, nil)
	return id
}
