// SPDX-License-Identifier: Apache-2.0

package server

import (
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/d204ef64/fob/internal/statuswriter"
)

// counted measures page requests and logs each at level debug. The route is the pattern
// that matched the request. It is never the path, which a client can choose freely.
func (s *Server) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &statuswriter.Writer{ResponseWriter: w}
		panics := true
		defer func() {
			route, code := r.Pattern, seen.Code
			if route == "" {
				route = "none"
			}
			if code == 0 {
				code = http.StatusOK
				if panics { // recovered will send a 500
					code = http.StatusInternalServerError
				}
			}
			source, _, _ := net.SplitHostPort(r.RemoteAddr)
			took := time.Since(began)
			s.c.Metrics.PageRequest(route, code, took)
			s.c.Event(slog.LevelDebug, "page", slog.String("route", route), slog.Int("status", code),
				DurationAttr(took), slog.String("source", source))
		}()
		next.ServeHTTP(seen, r)
		panics = false
	})
}

// DurationAttr returns a duration as a log attribute: milliseconds, with microsecond
// resolution.
func DurationAttr(d time.Duration) slog.Attr {
	// A single division of whole numbers gives 487.625, not 487.62500000000003.
	return slog.Float64("took_ms", float64(d.Microseconds())/1000)
}
