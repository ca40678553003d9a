// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"

	"github.com/VictoriaMetrics/metrics"
)

// A family is a metric with its labels. It has one series for each combination of their
// values.
type family struct {
	set    *metrics.Set
	name   string
	labels []string
}

// labelValue escapes a value as Prometheus' text format 0.0.4 requires.
var labelValue = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

// series returns the name of the series with these values, one for each label.
func (f family) series(values ...string) string {
	if len(values) == 0 {
		return f.name
	}
	pairs := make([]string, len(values))
	for i, v := range values {
		pairs[i] = f.labels[i] + `="` + labelValue.Replace(v) + `"`
	}
	return f.name + "{" + strings.Join(pairs, ",") + "}"
}

type counter struct{ family }

func (c counter) with(values ...string) *metrics.Counter {
	return c.set.GetOrCreateCounter(c.series(values...))
}

// A histogram is of durations in seconds.
type histogram struct{ family }

func (h histogram) with(values ...string) *metrics.PrometheusHistogram {
	return h.set.GetOrCreatePrometheusHistogramExt(h.series(values...), buckets)
}

var buckets = []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 5, 30}

// Handler serves the metrics in Prometheus' text format 0.0.4.
func (m *Metrics) Handler() http.Handler {
	metrics.ExposeMetadata(true)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var all bytes.Buffer
		m.set.WritePrometheus(&all)
		metrics.WriteProcessMetrics(&all)
		metrics.WriteFDMetrics(&all)
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		m.writeWithHelp(w, &all)
	})
}

// writeWithHelp copies the metrics and completes their HELP lines, in which the library
// writes only a name.
func (m *Metrics) writeWithHelp(w io.Writer, all io.Reader) {
	for lines := bufio.NewScanner(all); lines.Scan(); {
		line := lines.Text()
		if name, ok := strings.CutPrefix(line, "# HELP "); ok && m.help[name] != "" {
			line += " " + m.help[name]
		}
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			return // the client is gone
		}
	}
}
