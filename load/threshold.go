// SPDX-License-Identifier: Apache-2.0

package load

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
)

// ErrThreshold is the error of a text that is not a threshold.
var ErrThreshold = errclass.New(errclass.Usage, "invalid threshold")

// Threshold is a condition that a report fulfils or not.
type Threshold struct {
	Text   string  `json:"threshold"`
	Value  float64 `json:"value"` // of the report, in the unit of the limit; times in ms
	Passed bool    `json:"passed"`

	name, sign string
	limit      float64
	share      bool // in percent of the requests
}

// times and counts are the values that thresholds may have.
var (
	times = map[string]func(*Report) float64{
		"p50": func(r *Report) float64 { return r.P50 },
		"p90": func(r *Report) float64 { return r.P90 },
		"p95": func(r *Report) float64 { return r.P95 },
		"p99": func(r *Report) float64 { return r.P99 },
		"max": func(r *Report) float64 { return r.Max },
	}
	counts = map[string]func(*Report) float64{
		"requests":         func(r *Report) float64 { return float64(r.Requests) },
		"per_second":       func(r *Report) float64 { return r.PerSecond },
		"accepted":         func(r *Report) float64 { return float64(r.Accepted) },
		"refused":          func(r *Report) float64 { return float64(r.Refused) },
		"next_codes":       func(r *Report) float64 { return float64(r.NextCodes) },
		"limited":          func(r *Report) float64 { return float64(r.Limited) },
		"failed":           func(r *Report) float64 { return float64(r.Failed) },
		"accepted_wrongly": func(r *Report) float64 { return float64(r.AcceptedWrongly) },
		"sent_again":       func(r *Report) float64 { return float64(r.SentAgain) },
		"unsent":           func(r *Report) float64 { return float64(r.Unsent) },
	}
)

// ThresholdNames returns the names that thresholds may begin with.
func ThresholdNames() []string {
	var names []string
	for name := range times {
		names = append(names, name)
	}
	for name := range counts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var thresholdForm = regexp.MustCompile(`^([a-z0-9_]+) *(<=|>=|<|>) *(\S+)$`)

// ParseThreshold parses a threshold such as p99<200ms, refused<=0 or failed<1%. The
// percentage is the share of all requests. The error wraps [ErrThreshold].
func ParseThreshold(text string) (Threshold, error) {
	m := thresholdForm.FindStringSubmatch(text)
	if m == nil {
		return Threshold{}, fmt.Errorf("%w: %q: want a name, <, <=, > or >=, and a value, such as p99<200ms", ErrThreshold, text)
	}
	t := Threshold{Text: text, name: m[1], sign: m[2]}
	if times[t.name] != nil {
		d, err := time.ParseDuration(m[3])
		if err != nil {
			return t, fmt.Errorf("%w: %q: want a duration such as 200ms", ErrThreshold, text)
		}
		t.limit = float64(d) / float64(time.Millisecond)
		return t, nil
	}
	if counts[t.name] == nil {
		return t, fmt.Errorf("%w: %q: want one of %s", ErrThreshold, text, strings.Join(ThresholdNames(), ", "))
	}
	number, share := strings.CutSuffix(m[3], "%")
	limit, err := strconv.ParseFloat(number, 64)
	if err != nil || limit != limit || share && t.name == "per_second" {
		return t, fmt.Errorf("%w: %q: want a number or a percentage", ErrThreshold, text)
	}
	t.limit, t.share = limit, share
	return t, nil
}

// answers are the counts of the answers of a server.
var answers = []string{"accepted", "refused", "next_codes", "limited", "failed"}

// Thresholds parses the thresholds of a load, and adds the scenario's own. A threshold with
// the same name replaces one of them. Steady and Storm require that all codes are accepted;
// if a threshold allows other answers, one code is enough. Every scenario requires that the
// server is fast enough for all requests. The error wraps [ErrThreshold].
func Thresholds(s Scenario, texts []string) ([]Threshold, error) {
	var list []Threshold
	given := map[string]bool{}
	for _, text := range texts {
		t, err := ParseThreshold(text)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
		given[t.name] = true
	}
	own := []string{"accepted>=100%"}
	switch {
	case s == Replay:
		own = []string{"sent_again>=1", "failed<=0"}
	case s == Guess:
		own = []string{"failed<=0"}
	case slices.ContainsFunc(answers, func(name string) bool { return given[name] }):
		own = []string{"accepted>=1"}
	}
	for _, text := range append(own, "unsent<=0") {
		t, err := ParseThreshold(text)
		if err != nil {
			return nil, fmt.Errorf("internal error: %w", err)
		}
		if !given[t.name] {
			list = append(list, t)
		}
	}
	return list, nil
}

// Measured returns the value of the report with its unit.
func (t Threshold) Measured() string {
	rounded := math.Round(t.Value*1000) / 1000
	if rounded == t.limit {
		rounded = t.Value // the difference may decide
	}
	value := strconv.FormatFloat(rounded, 'f', -1, 64)
	switch {
	case times[t.name] != nil:
		return value + " ms"
	case t.share:
		return value + "%"
	}
	return value
}

// Judge compares the report with thresholds, and with one that always holds for a secure
// server: no code is accepted wrongly. It returns whether all are fulfilled, and the load
// was not interrupted.
func (r *Report) Judge(thresholds []Threshold) bool {
	always, err := ParseThreshold("accepted_wrongly<=0")
	if err != nil {
		panic("load: internal error: " + err.Error())
	}
	r.Thresholds = append(slices.Clone(thresholds), always)
	all := true
	for i := range r.Thresholds {
		t := &r.Thresholds[i]
		t.judge(r)
		all = all && t.Passed
	}
	return all && r.Requests > 0 && !r.Interrupted
}

func (t *Threshold) judge(r *Report) {
	if value := times[t.name]; value != nil {
		t.Value = value(r)
	} else {
		t.Value = counts[t.name](r)
	}
	if t.share {
		all := r.Requests
		if t.name == "unsent" {
			all += r.Unsent
		}
		t.Value = 100 * t.Value / max(float64(all), 1)
	}
	switch t.sign {
	case "<":
		t.Passed = t.Value < t.limit
	case "<=":
		t.Passed = t.Value <= t.limit
	case ">":
		t.Passed = t.Value > t.limit
	case ">=":
		t.Passed = t.Value >= t.limit
	}
}
