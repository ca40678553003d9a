// SPDX-License-Identifier: Apache-2.0

package load

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Report is the result of a load.
type Report struct {
	Scenario  Scenario `json:"scenario"`
	Tokens    int      `json:"count"`
	Seconds   float64  `json:"seconds"` // from when the first request is due until the last answer
	Requests  int      `json:"requests"`
	PerSecond float64  `json:"per_second"`

	Unsent      int  `json:"unsent"`      // requests that were due, but not sent: the server was too slow
	Abandoned   int  `json:"abandoned"`   // requests without an answer when the load was interrupted, not in Requests
	Interrupted bool `json:"interrupted"` // the context of Run ended first

	// The answers. AcceptedWrongly are the accepted ones of codes that were sent again or
	// guessed.
	Accepted        int `json:"accepted"`
	Refused         int `json:"refused"`
	NextCodes       int `json:"next_codes"`
	Limited         int `json:"limited"`
	Failed          int `json:"failed"`
	AcceptedWrongly int `json:"accepted_wrongly"`
	SentAgain       int `json:"sent_again"` // codes that were accepted before

	// Response times in milliseconds, from when a request was due until its answer.
	P50 float64 `json:"p50_ms"`
	P90 float64 `json:"p90_ms"`
	P95 float64 `json:"p95_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`

	Buckets  []Bucket `json:"buckets"`
	Problems []string `json:"problems"` // the first of each kind of failed and refused fresh codes

	Thresholds []Threshold `json:"thresholds"`

	metrics    vegeta.Metrics
	rest       int // requests after the duration
	answers    int
	denied     int // answers 401 and 403 that the target does not describe
	deniedWith int // the status of the newest of them
	kinds      map[string]bool
}

// Bucket is the number of answers with a response time from From on, up to the next bucket.
type Bucket struct {
	From  float64 `json:"from_ms"`
	Count int     `json:"answers"`
}

// mostProblems is the number of problems that a report lists.
const mostProblems = 10

func newReport(o *Options, s schedule) *Report {
	r := &Report{Scenario: s.scenario, Tokens: len(o.Users), Problems: []string{}, Buckets: []Bucket{}, kinds: map[string]bool{}}
	bounds := vegeta.Buckets{0}
	for _, ms := range []int{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000} {
		bounds = append(bounds, time.Duration(ms)*time.Millisecond)
	}
	r.metrics.Histogram = &vegeta.Histogram{Buckets: bounds}
	return r
}

// add adds an answer.
func (r *Report) add(j *job, result *vegeta.Result, v Verdict) {
	if result.Error = shown(result.Error); result.Code != 0 && result.Error != "" { // the status line, with any text of the server
		result.Error = strings.TrimSpace(fmt.Sprintf("%d %s", result.Code, http.StatusText(int(result.Code))))
	}
	r.metrics.Add(result)
	r.Requests++
	if result.Code != 0 {
		r.answers++
	}
	if j.again {
		r.SentAgain++
	}
	switch v {
	case Accepted:
		r.Accepted++
		if j.again || j.guess {
			r.AcceptedWrongly++
			r.problem("accepted wrongly", j, "a code was accepted that is used or wrong")
		}
	case Refused:
		r.Refused++
		if !j.again && !j.guess {
			r.problem("refused", j, "a fresh code was refused: the token may have sent a code of the same step before (wait a minute, or use other tokens), or the server has another seed")
		}
	case NextCode:
		r.NextCodes++
	case Limited:
		r.Limited++
	default:
		r.Failed++
		if result.Code == http.StatusUnauthorized || result.Code == http.StatusForbidden {
			r.denied++
			r.deniedWith = int(result.Code)
		}
		what := result.Error
		if what == "" {
			what = fmt.Sprintf("status %d, and a body that the target does not describe", result.Code)
		}
		r.problem(what, j, what)
	}
}

// shown returns an error for a terminal. The text of a server in it may have control
// characters and be long.
func shown(text string) string {
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "..."
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// problem notes the first problem of a kind.
func (r *Report) problem(kind string, j *job, text string) {
	if !r.kinds[kind] && len(r.Problems) < mostProblems {
		r.kinds[kind] = true
		r.Problems = append(r.Problems, j.user.Serial.String()+": "+text)
	}
}

func (r *Report) close(took time.Duration) {
	r.metrics.Close()
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	l := r.metrics.Latencies
	r.P50, r.P90, r.P95, r.P99, r.Max = ms(l.P50), ms(l.P90), ms(l.P95), ms(l.P99), ms(l.Max)
	if r.Requests > 0 {
		r.Seconds = took.Seconds()
		r.PerSecond = float64(r.Requests) / r.Seconds
	}
	h := r.metrics.Histogram
	for i, from := range h.Buckets {
		if i < len(h.Counts) && h.Counts[i] > 0 {
			r.Buckets = append(r.Buckets, Bucket{ms(from), int(h.Counts[i])})
		}
	}
}
