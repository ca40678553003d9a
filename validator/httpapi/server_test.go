// SPDX-License-Identifier: Apache-2.0

package httpapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/httpapi"
)

// site is a bank with its HTTP interface on a local port.
type site struct {
	t *testing.T
	*banktest.Harness
	srv *httptest.Server

	check, clerk, audit string // API keys

	described describedOnce

	mu     sync.Mutex
	events []httpapi.Event
}

// free are limits that no test exceeds.
var free = httpapi.Limits{Requests: httpapi.Rate{PerSecond: -1}, FailedAttempts: httpapi.Rate{PerSecond: -1}}

func newSite(t *testing.T, d *banktest.Harness, o httpapi.Options) *site {
	t.Helper()
	s := &site{t: t, Harness: d}
	if o.Limits == (httpapi.Limits{}) {
		o.Limits = free
	}
	o.Event = func(e httpapi.Event) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events = append(s.events, e)
	}
	s.srv = httptest.NewServer(httpapi.New(d.Bank, o))
	t.Cleanup(s.srv.Close)
	key := func(r bank.KeyRole) string {
		_, secret, err := d.Bank.AddKey(t.Context(), banktest.Clerk, r, string(r))
		require.NoError(t, err)
		return secret
	}
	s.check, s.clerk, s.audit = key(bank.KeyCheck), key(bank.KeyClerk), key(bank.KeyAudit)
	return s
}

func start(t *testing.T) *site {
	return newSite(t, banktest.New(t, banktest.SQLite(t)), httpapi.Options{})
}

// reply is an answer.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	text   string
}

// json decodes the answer as an object.
func (r reply) json() map[string]any {
	r.t.Helper()
	var v map[string]any
	require.NoError(r.t, json.Unmarshal([]byte(r.text), &v), r.text)
	return v
}

// is requires a status.
func (r reply) is(status int) reply {
	r.t.Helper()
	require.Equal(r.t, status, r.status, r.text)
	return r
}

// do sends a request. body is text, or a value that is encoded as JSON.
func (s *site) do(secret, method, path string, body any) reply {
	s.t.Helper()
	return s.send(secret, method, path, "application/json", body)
}

func (s *site) send(secret, method, path, kind string, body any) reply {
	s.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	case []byte:
		r = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		require.NoError(s.t, err)
		r = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.srv.URL+path, r)
	require.NoError(s.t, err)
	if r != nil {
		req.Header.Set("Content-Type", kind)
	}
	if secret != "" {
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	res, err := s.srv.Client().Do(req)
	require.NoError(s.t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	s.requireDescribed(req, res.StatusCode)
	return reply{s.t, res.StatusCode, res.Header, string(text)}
}

// m is a JSON object.
type m = map[string]any

// logIn returns the secret of a new session of a user.
func (s *site) logIn(user string) string {
	s.t.Helper()
	return s.do("", "POST", "/v1/sessions", m{"user": user, "password": banktest.Password}).is(201).json()["secret"].(string)
}

// alice creates a master with a registered token.
func (s *site) alice() (serial, secret string) {
	s.t.Helper()
	s.Contract("c1")
	s.User("c1", "alice", validator.Master)
	sn := s.Issued("c1")
	s.Activate("alice", sn)
	return sn.String(), s.logIn("alice")
}

// lastEvent waits for the last event of a route. An event comes after its answer.
func (s *site) lastEvent(route string) httpapi.Event {
	s.t.Helper()
	var found httpapi.Event
	require.Eventually(s.t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, e := range s.events {
			if e.Route == route {
				found = e
			}
		}
		return found.Route == route
	}, 5*time.Minute, time.Millisecond)
	return found
}

// lastFault returns the cause of the last error that an event reported.
func (s *site) lastFault() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.events) - 1; i >= 0; i-- {
		if s.events[i].Err != nil {
			return s.events[i].Err
		}
	}
	return nil
}
