// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are about the interface; those of the machine are the caller's.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	answers  *prometheus.CounterVec
	limited  *prometheus.CounterVec
	inFlight prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fob_validator_http_requests_total", Help: "Requests answered.",
		}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fob_validator_http_request_seconds", Help: "How long requests took.",
			Buckets: []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 5, 30},
		}, []string{"method", "route"}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fob_validator_http_answers_total", Help: "Codes, by what was answered.",
		}, []string{"answer"}),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fob_validator_http_limited_total", Help: "Requests over a budget, by budget.",
		}, []string{"budget"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fob_validator_http_in_flight", Help: "Requests being answered.",
		}),
	}
	r.MustRegister(m.requests, m.seconds, m.answers, m.limited, m.inFlight)
	return m
}

func (m *metrics) request(method, route string, status int, took time.Duration) {
	if route == "" {
		route = "other" // what somebody makes up must not become a label
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(method, route).Observe(took.Seconds())
}
