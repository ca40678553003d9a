// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/internal/statuswriter"
)

// request is the state of a request in progress.
type request struct {
	r             *http.Request
	w             http.ResponseWriter
	addr          netip.Addr
	source        string // addr as a string; "" if it is unknown
	caller        caller
	op            *huma.Operation // with the parameters that huma found
	failedAttempt bool            // a code or login was refused
	err           error
	stack         []byte
}

type requestKey struct{}

func requestOf(ctx context.Context) *request { return ctx.Value(requestKey{}).(*request) }

// outer wraps the whole interface and handles headers, panics, metrics and events.
func (s *server) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		sw := &statuswriter.Writer{ResponseWriter: w}
		req := &request{w: sw, addr: source(r)}
		if req.addr.IsValid() {
			req.source = req.addr.String()
		}
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, req))
		req.r = r

		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		if s.o.TestMode {
			h.Set("Fob-Test-Mode", "TEST MODE")
		}

		end := s.metrics.HTTPBegin()
		defer func() {
			p := recover()
			if p != nil && p != http.ErrAbortHandler {
				req.err, req.stack = panicked(p), debug.Stack()
				if sw.Code == 0 {
					writeProblem(sw, http.StatusInternalServerError, "internal error in the bank: the request is not at fault")
					p = nil
				} else {
					p = http.ErrAbortHandler // the partial answer must not look complete
				}
			}
			end()
			s.report(req, sw.Code, time.Since(begun))
			if p != nil {
				panic(p)
			}
		}()
		next.ServeHTTP(sw, r)
	})
}

// panicked describes a panic without any data of the request. Only the Go runtime's own
// messages are certain to contain no such data.
func panicked(p any) error {
	if err, ok := p.(runtime.Error); ok {
		return fmt.Errorf("panic: %w", err)
	}
	return fmt.Errorf("panic with a %T", p)
}

func (s *server) report(req *request, status int, took time.Duration) {
	_, route, _ := strings.Cut(req.r.Pattern, " ")
	if route == "/" {
		route = ""
	}
	method := req.r.Method
	if !slices.Contains(methods, method) {
		method = "other"
	}
	s.metrics.HTTPRequest(method, route, status, took)
	if s.o.Event == nil {
		return
	}
	s.o.Event(Event{
		Method: method, Route: route, Status: status, Took: took,
		Source: req.source, Caller: req.caller.String(), Err: req.err, Stack: req.stack,
	})
}

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}
