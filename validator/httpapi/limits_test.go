// SPDX-License-Identifier: Apache-2.0

package httpapi_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/httpapi"
)

// stopped is a clock that the test moves by hand.
type stopped struct{ sec atomic.Int64 }

func (c *stopped) now() time.Time { return time.Unix(c.sec.Load(), 0) }

func limited(t *testing.T, l httpapi.Limits) (*site, *stopped) {
	clock := &stopped{}
	clock.sec.Store(1_000_000)
	return newSite(t, banktest.New(t, banktest.SQLite(t)), httpapi.WithNow(httpapi.Options{Limits: l}, clock.now)), clock
}

// A key may send any number of requests as long as the codes are correct. Wrong codes
// use up its budget, which refills over time.
func TestFailedAttemptsHaveTheirOwnBudget(t *testing.T) {
	s, clock := limited(t, httpapi.Limits{
		Requests: httpapi.Rate{PerSecond: 1, Burst: 3}, KeyFailedAttempts: httpapi.Rate{PerSecond: 0.5, Burst: 4},
	})
	s.Contract("c1")
	tokens := s.Import("c1", 30)
	for _, sn := range tokens {
		r := s.do(s.check, "POST", "/v1/check", m{"serial": sn.String(), "code": s.Code(sn, 0)}).is(200)
		require.Equal(t, true, r.json()["done"])
	}
	for range 4 {
		s.do(s.check, "POST", "/v1/check", m{"serial": "NO-SUCH", "code": "123456"}).is(200)
	}
	s.Step(1)
	over := s.do(s.check, "POST", "/v1/check", m{"serial": tokens[0].String(), "code": s.Code(tokens[0], 0)}).is(429)
	require.Equal(t, "2", over.header.Get("Retry-After"))
	require.Equal(t, "application/problem+json", over.header.Get("Content-Type"))
	require.Contains(t, over.text, "too many wrong codes with this key from this address: wait 2 s; the request was not processed")
	s.do(s.check, "GET", "/v1/operations", nil).is(200) // costs no unit

	clock.sec.Add(2)
	r := s.do(s.check, "POST", "/v1/check", m{"serial": tokens[0].String(), "code": s.Code(tokens[0], 0)}).is(200)
	require.Equal(t, true, r.json()["done"], "the request over the budget did not use up the code")

	metrics := s.do(s.audit, "GET", "/metrics", nil).is(200).text
	require.Contains(t, metrics, `fob_validator_http_limited_total{budget="key_wrong"} 1`)
	require.Contains(t, metrics, `fob_validator_http_requests_total{method="POST",route="/v1/check",status="429"} 1`)
}

// Parallel guesses cannot exceed the budget.
func TestParallelGuesses(t *testing.T) {
	s, _ := limited(t, httpapi.Limits{KeyFailedAttempts: httpapi.Rate{PerSecond: 0, Burst: 10}})
	var looked, over atomic.Int32
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() {
			switch s.do(s.check, "POST", "/v1/check", m{"serial": "NO-SUCH", "code": "123456"}).status {
			case 200:
				looked.Add(1)
			case 429:
				over.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 10, looked.Load())
	require.EqualValues(t, 50, over.Load())
}

// Wrong logins and secrets share one budget, which is separate from the keys' budgets.
func TestGuessedLoginsAndSecrets(t *testing.T) {
	s, _ := limited(t, httpapi.Limits{
		Requests: httpapi.Rate{PerSecond: -1}, FailedAttempts: httpapi.Rate{PerSecond: 0.1, Burst: 4},
	})
	_, alice := s.alice()
	s.do("", "POST", "/v1/sessions", m{"user": "alice", "password": "wrong wrong wrong"}).is(401)
	s.do("", "POST", "/v1/sessions", m{"clerk": "alice", "password": "wrong wrong wrong"}).is(401)
	s.do("fobs_x", "GET", "/v1/status", nil).is(401)
	require.Equal(t, false, s.do(alice, "POST", "/v1/transactions", m{"operation": "transfer", "code": "12"}).is(200).json()["done"])
	over := s.do("", "POST", "/v1/sessions", m{"user": "alice", "password": banktest.Password}).is(429)
	require.Equal(t, "10", over.header.Get("Retry-After"))
	s.do("fobk_x", "GET", "/v1/status", nil).is(429)
	s.do(alice, "POST", "/v1/transactions", m{"operation": "transfer", "code": s.Code(banktest.Serial(0), 0)}).is(429)
	s.do(alice, "GET", "/v1/status", nil).is(200)
	s.do(s.check, "POST", "/v1/check", m{"user": "alice", "code": s.Code(banktest.Serial(0), 0)}).is(200)
}

func TestRequestsPerSource(t *testing.T) {
	s, clock := limited(t, httpapi.Limits{Requests: httpapi.Rate{PerSecond: 1, Burst: 5}})
	for range 5 {
		s.do("", "GET", "/healthz", nil).is(200)
	}
	for _, path := range []string{"/healthz", "/readyz", "/openapi.json", "/v1/status", "/nothing"} {
		r := s.do("", "GET", path, nil)
		require.Equal(t, 429, r.status, path)
		require.Equal(t, "1", r.header.Get("Retry-After"), path)
	}
	s.do("", "POST", "/v1/sessions", m{"user": "a", "password": "b"}).is(429)
	s.do(s.clerk, "GET", "/v1/keys", nil).is(200)
	clock.sec.Add(1)
	s.do("", "GET", "/healthz", nil).is(200)
	s.do("", "GET", "/healthz", nil).is(429)
}

// TestSource: a client cannot change its address by headers. The server package reads
// the headers of trusted proxies.
func TestSource(t *testing.T) {
	s := start(t)
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.srv.URL+"/healthz", nil)
	require.NoError(t, err)
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"} {
		req.Header.Set(header, "203.0.113.7")
	}
	res, err := s.srv.Client().Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, "127.0.0.1", s.lastEvent("/healthz").Source)
}
