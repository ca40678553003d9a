// SPDX-License-Identifier: Apache-2.0

// Package metrics defines all metrics of the reference validation server, for
// Prometheus. The packages that serve the bank report events to it; only this package
// decides the metrics and their names. No label contains a serial number, a user or any
// other value that a client chooses.
package metrics

import (
	"strconv"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

// Build identifies the build of the program.
type Build struct{ Version, Revision, Go string }

// Metrics counts events. Any number of goroutines may call the methods.
type Metrics struct {
	set  *metrics.Set
	help map[string]string // by the name of a metric

	httpRequests counter
	httpSeconds  histogram
	httpLimited  counter
	httpInFlight *metrics.Gauge
	pageSeconds  histogram
	radius       counter

	codes          counter
	logins         counter
	suspensions    counter
	unlocks        counter
	imports        counter
	importedTokens counter
	database       histogram

	notices counter
	runs    counter
	lastRun *metrics.Gauge
}

// New returns metrics that start at 0, with the metrics of Go and of the process.
func New(b Build) *Metrics {
	m := &Metrics{set: metrics.NewSet(), help: map[string]string{}}
	family := func(name, help string, labels ...string) family {
		m.help[name] = help
		return family{m.set, name, labels}
	}
	counters := func(name, help string, labels ...string) counter { return counter{family(name, help, labels...)} }
	seconds := func(name, help string, labels ...string) histogram { return histogram{family(name, help, labels...)} }
	gauge := func(name, help string) *metrics.Gauge {
		return m.set.GetOrCreateGauge(family(name, help).series(), nil)
	}
	info := family("fob_build_info", "Always 1, with the version of this program as labels.", "goversion", "revision", "version")
	m.set.GetOrCreateGauge(info.series(b.Go, b.Revision, b.Version), nil).Set(1)

	m.httpRequests = counters("fob_validator_http_requests_total", "HTTP API requests.", "method", "route", "status")
	m.httpSeconds = seconds("fob_validator_http_request_seconds", "Duration of HTTP API requests.", "method", "route")
	m.httpLimited = counters("fob_validator_http_limited_total", "Requests rejected because a rate limit was exceeded.", "budget")
	m.httpInFlight = gauge("fob_validator_http_in_flight", "HTTP API requests in progress.")
	m.pageSeconds = seconds("fob_validator_page_seconds", "Duration of page requests.", "route", "status")
	m.radius = counters("fob_validator_radius_packets_total", "RADIUS packets, by result.", "result")
	m.codes = counters("fob_validator_codes_total", "Checked one-time passwords.", "front", "reason")
	m.logins = counters("fob_validator_logins_total", "Logins. Each successful one starts a session.", "front", "result")
	m.suspensions = counters("fob_validator_suspensions_total", "Tokens suspended by failed attempts.", "front")
	m.unlocks = counters("fob_validator_lifts_total", "Suspended tokens that were unlocked.", "front")
	m.imports = counters("fob_validator_imports_total", "Seed files that were imported.", "front")
	m.importedTokens = counters("fob_validator_imported_tokens_total", "Tokens that were imported.")
	m.importedTokens.with()
	m.database = seconds("fob_validator_database_seconds", "Duration of database transactions.", "kind")
	m.notices = counters("fob_validator_notices_total", "Expiry notices, by result.", "result")
	m.runs = counters("fob_validator_daily_runs_total", "Runs of the daily job.", "result")
	m.lastRun = gauge("fob_validator_daily_last_success_timestamp_seconds", "Time of the last successful run of the daily job.")
	m.begin()
	return m
}

// HTTPBegin counts the start of a request. The caller must call end at its end.
func (m *Metrics) HTTPBegin() (end func()) {
	m.httpInFlight.Inc()
	return m.httpInFlight.Dec
}

// HTTPRequest counts an answered request. The route is a pattern and never the path,
// which a client can choose freely; "" means no route.
func (m *Metrics) HTTPRequest(method, route string, status int, took time.Duration) {
	if route == "" {
		route = "other"
	}
	m.httpRequests.with(method, route, strconv.Itoa(status)).Inc()
	m.httpSeconds.with(method, route).Update(took.Seconds())
}

// HTTPLimited counts a request that exceeded a budget.
func (m *Metrics) HTTPLimited(budget string) { m.httpLimited.with(budget).Inc() }

// PageRequest counts an answered page by the pattern of its route.
func (m *Metrics) PageRequest(route string, status int, took time.Duration) {
	m.pageSeconds.with(route, strconv.Itoa(status)).Update(took.Seconds())
}

// RADIUS counts a packet. [Metrics.RADIUSResults] makes a kind of result appear from
// the start.
func (m *Metrics) RADIUS(result string) { m.radius.with(result).Inc() }

// RADIUSResults shows results that have not happened yet as 0.
func (m *Metrics) RADIUSResults(all ...string) {
	for _, r := range all {
		m.radius.with(r)
	}
}

// Daily counts a run of the daily job.
func (m *Metrics) Daily(r bank.DailyReport, err error, now token.UnixSeconds) {
	for result, n := range notices(r) {
		m.notices.with(result).Add(n)
	}
	if err != nil {
		m.runs.with("failed").Inc()
		return
	}
	m.runs.with("done").Inc()
	m.lastRun.Set(float64(now))
}

func notices(r bank.DailyReport) map[string]int {
	return map[string]int{"made": r.Made, "sent": r.Sent, "failed": r.Failed, "later": r.Later, "doubtful": r.Doubtful}
}
