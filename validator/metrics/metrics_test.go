// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"errors"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/metrics"
)

// TestTable compares the table in the documentation with the output of /metrics.
func TestTable(t *testing.T) {
	m := metrics.New(metrics.Build{Version: "v1", Revision: "abc", Go: "go1"})
	// Metrics with labels appear only after an event.
	m.HTTPBegin()()
	m.HTTPRequest("GET", "", 200, time.Second)
	m.HTTPLimited("requests")
	m.PageRequest("GET /", 200, time.Second)
	m.RADIUS("accepted")
	m.Daily(bank.DailyReport{Sent: 2}, nil, 100)
	m.Daily(bank.DailyReport{}, errors.New("no mail"), 200)

	show := httptest.NewRecorder()
	m.Handler().ServeHTTP(show, httptest.NewRequest("GET", "/metrics", nil))
	text := show.Body.String()
	require.Contains(t, text, `fob_build_info{goversion="go1",revision="abc",version="v1"} 1`)
	require.Contains(t, text, "# HELP fob_validator_imports_total Seed files that were imported.\n")
	require.Contains(t, text, "\ngo_goroutines ")
	require.Contains(t, text, `fob_validator_daily_last_success_timestamp_seconds 100`)
	require.Contains(t, text, `fob_validator_notices_total{result="sent"} 2`)
	require.Contains(t, text, `fob_validator_codes_total{front="radius",reason="next code wanted"} 0`)

	var shown []string
	for _, f := range regexp.MustCompile(`(?m)^# TYPE (fob_\w+) (\w+)$`).FindAllStringSubmatch(text, -1) {
		labels := regexp.MustCompile(`(?m)^` + f[1] + `(?:_count)?(?:\{(.*)\})? `).FindStringSubmatch(text)
		require.NotNil(t, labels, f[1])
		var names []string
		for _, l := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(labels[1], -1) {
			names = append(names, l[1])
		}
		shown = append(shown, f[1]+" "+f[2]+" "+strings.Join(names, ", "))
	}
	doc, err := os.ReadFile("../../docs/validator-metrics.md")
	require.NoError(t, err)
	var documented []string
	for _, l := range regexp.MustCompile("(?m)^\\| `(fob_\\w+)` \\| (\\w+) \\| ([^|]*?) ?\\|").FindAllStringSubmatch(string(doc), -1) {
		documented = append(documented, l[1]+" "+l[2]+" "+l[3])
	}
	slices.Sort(shown)
	slices.Sort(documented)
	require.Equal(t, shown, documented)
}

// TestOneCode checks that an unlock in the browser with a code counts one code,
// although it leaves several records.
func TestOneCode(t *testing.T) {
	m := metrics.New(metrics.Build{})
	o := m.Observer()
	for _, r := range []bank.Record{
		{Act: "lift suspension", Reason: "accepted", Channel: "page", Done: true},
		{Act: "lift suspension", Reason: "allowed", Channel: "page", Done: true},
		{Act: "log in", Reason: "allowed", Channel: "page", Done: true},
		{Act: "log in", Reason: "wrong password", Channel: "page"},
		{Act: "log in", Reason: "must wait", Channel: "page"},
		{Act: "add contract", Reason: "allowed", Channel: "command", Done: true},
	} {
		o.Recorded(r)
	}
	show := httptest.NewRecorder()
	m.Handler().ServeHTTP(show, httptest.NewRequest("GET", "/metrics", nil))
	var counted []string
	for line := range strings.Lines(show.Body.String()) {
		if regexp.MustCompile(`^fob_validator_(codes|logins)_total.* [1-9]`).MatchString(line) {
			counted = append(counted, strings.TrimSpace(line))
		}
	}
	require.Equal(t, []string{
		`fob_validator_codes_total{front="page",reason="accepted"} 1`,
		`fob_validator_logins_total{front="page",result="done"} 1`,
		`fob_validator_logins_total{front="page",result="must wait"} 1`,
		`fob_validator_logins_total{front="page",result="refused"} 1`,
	}, counted)
}
