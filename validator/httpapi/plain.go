// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/internal/ratelimit"
	"github.com/d204ef64/fob/validator/bank"
)

// readyWait is how long /readyz waits for the bank's answer.
const readyWait = 3 * time.Second

// plain adds the paths that are not part of the description: health, metrics, the
// description itself, and the answers for unknown paths.
func (s *server) plain() {
	s.mux.HandleFunc("GET /healthz", s.open(func(w http.ResponseWriter, r *http.Request) {
		text(w, http.StatusOK, "ok\n")
	}))
	s.mux.HandleFunc("GET /readyz", s.open(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyWait)
		defer cancel()
		if err := s.bank.Ready(ctx); err != nil {
			requestOf(r.Context()).err = err
			w.Header().Set("Retry-After", "1")
			words := "codes cannot be checked: see the server's log\n"
			switch {
			case errors.Is(err, bank.ErrClock):
				words = "the clock of the test cannot be read\n"
			case errors.Is(err, bank.ErrUnavailable):
				words = "the database cannot be read or written\n"
			}
			text(w, http.StatusServiceUnavailable, words)
			return
		}
		text(w, http.StatusOK, "ready\n")
	}))
	s.mux.HandleFunc("GET /metrics", s.showMetrics(s.metrics.Handler()))

	spec := s.api.OpenAPI()
	// Answers never contain submitted values: see hideValues.
	delete(spec.Components.Schemas.Map()["ErrorDetail"].Properties, "value")
	// An empty list is omitted, and is therefore never null. Client generators do not
	// handle a type that is both a list and null.
	spec.Components.Schemas.Map()["ErrorModel"].Properties["errors"].Nullable = false
	addExamples(spec.Components.Schemas.Map())
	// RFC 9512 defines the media type of YAML.
	s.mux.HandleFunc("GET /openapi.json", s.open(document("application/openapi+json", spec.MarshalJSON)))
	s.mux.HandleFunc("GET /openapi.yaml", s.open(document("application/openapi+yaml", spec.YAML)))
	s.mux.HandleFunc("/", s.open(s.notFound))
}

// document serves a text that it creates on the first request. Encoding the description
// as YAML takes longer than the rest of the server's start.
func document(kind string, text func() ([]byte, error)) http.HandlerFunc {
	made := sync.OnceValues(text)
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := made()
		if err != nil {
			panic("httpapi: internal error: " + err.Error())
		}
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(body)
	}
}

func text(w http.ResponseWriter, status int, words string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(words))
}

// open admits every caller within the request limit of their address.
func (s *server) open(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := s.spend(budgetRequests, ratelimit.Source(requestOf(r.Context()).addr).String()); err != nil {
			answer(w, err)
			return
		}
		next(w, r)
	}
}

// showMetrics shows the metrics to clerks and to keys that may read the audit log. A
// loopback address is not enough, because a proxy on this machine passes on requests
// from anyone.
func (s *server) showMetrics(next http.Handler) http.HandlerFunc {
	op := &huma.Operation{}
	return func(w http.ResponseWriter, r *http.Request) {
		req := requestOf(r.Context())
		if err := s.identify(r.Context(), req, r.Header.Get("Authorization"), false); err != nil {
			answer(w, s.fault(r.Context(), op, err))
			return
		}
		if req.caller.role&(auditRole|clerkRole) == 0 {
			answer(w, problem(http.StatusForbidden, "the metrics require "+(auditRole|clerkRole).String(), "", nil))
			return
		}
		next.ServeHTTP(w, r)
	}
}

// answer writes an error as a problem outside huma's operations.
func answer(w http.ResponseWriter, err error) {
	var withHeaders huma.HeadersError
	if errors.As(err, &withHeaders) {
		for name, values := range withHeaders.GetHeaders() {
			w.Header()[http.CanonicalHeaderKey(name)] = values
		}
	}
	var m *huma.ErrorModel
	errors.As(err, &m)
	writeProblem(w, m.Status, m.Detail)
}

// notFound answers requests for an unknown path, or with the wrong method.
func (s *server) notFound(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, m := range methods {
		other := r.Clone(r.Context())
		other.Method = m
		if _, pattern := s.mux.Handler(other); pattern != "/" && pattern != "" {
			allow = append(allow, m)
		}
	}
	if len(allow) == 0 {
		writeProblem(w, http.StatusNotFound, "unknown path: see /openapi.json")
		return
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	writeProblem(w, http.StatusMethodNotAllowed, "method not allowed: this path accepts "+strings.Join(allow, ", "))
}
