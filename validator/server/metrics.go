// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

// metrics is what the server itself counts: the interface counts its own.
type metrics struct {
	pages   *prometheus.HistogramVec
	notices *prometheus.CounterVec
	runs    *prometheus.CounterVec
	lastRun prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		pages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fob_validator_page_seconds", Help: "How long pages took, by route and status.",
			Buckets: []float64{.001, .0025, .005, .01, .02, .05, .1, .25, 1, 5, 30},
		}, []string{"route", "status"}),
		notices: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fob_validator_notices_total", Help: "Expiry notices, by what became of them.",
		}, []string{"result"}),
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fob_validator_daily_runs_total", Help: "Runs of the daily job.",
		}, []string{"result"}),
		lastRun: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fob_validator_daily_last_success_timestamp_seconds", Help: "When the daily job last did all that was due.",
		}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.pages, m.notices, m.runs, m.lastRun} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) daily(r bank.DailyReport, err error, now token.UnixSeconds) {
	for result, n := range map[string]int{
		"made": r.Made, "sent": r.Sent, "failed": r.Failed, "later": r.Later, "doubtful": r.Doubtful,
	} {
		m.notices.WithLabelValues(result).Add(float64(n))
	}
	if err != nil {
		m.runs.WithLabelValues("failed").Inc()
		return
	}
	m.runs.WithLabelValues("done").Inc()
	m.lastRun.Set(float64(now))
}

// counted times pages. The route is the pattern that took the request, never
// the path, which anybody can make up.
func (m *metrics) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &status{ResponseWriter: w}
		defer func() {
			route, code := r.Pattern, seen.code
			if route == "" {
				route = "none"
			}
			if code == 0 {
				code = http.StatusOK
			}
			m.pages.WithLabelValues(route, strconv.Itoa(code)).Observe(time.Since(began).Seconds())
		}()
		next.ServeHTTP(seen, r)
	})
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
