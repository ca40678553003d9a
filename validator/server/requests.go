// SPDX-License-Identifier: Apache-2.0

package server

import (
	"log/slog"
	"net"
	"net/http"
	"time"
)

// counted times pages, and tells of each at level debug. The route is the pattern
// that took the request, never the path, which anyone can make up.
func (s *Server) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &status{ResponseWriter: w}
		panics := true
		defer func() {
			route, code := r.Pattern, seen.code
			if route == "" {
				route = "none"
			}
			if code == 0 {
				code = http.StatusOK
				if panics { // recovered will answer
					code = http.StatusInternalServerError
				}
			}
			source, _, _ := net.SplitHostPort(r.RemoteAddr)
			took := time.Since(began)
			s.c.Metrics.PageRequest(route, code, took)
			s.c.Event(slog.LevelDebug, "page", slog.String("route", route), slog.Int("status", code),
				Took(took), slog.String("source", source))
		}()
		next.ServeHTTP(seen, r)
		panics = false
	})
}

// Took is the attribute of a duration, in milliseconds to the microsecond.
func Took(d time.Duration) slog.Attr {
	// One division of whole numbers: 487.625, not 487.62500000000003.
	return slog.Float64("took_ms", float64(d.Microseconds())/1000)
}

// status notes the status of an answer.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	if s.code == 0 && code >= http.StatusOK {
		s.code = code
	}
	s.ResponseWriter.WriteHeader(code)
}

func (s *status) Write(b []byte) (int, error) {
	if s.code == 0 {
		s.code = http.StatusOK
	}
	return s.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
