// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/yamlfile"
)

// ErrExpected is the error of a file of expected failures that cannot be used.
var ErrExpected = errclass.New(errclass.Usage, "invalid expected failures")

// Expected are the failures that are known of a target.
type Expected struct {
	Target string            `yaml:"target" doc:"the name of the target, and its version" required:"true"`
	Fails  map[string]string `yaml:"fails" doc:"the failing cases by ID, each with its reason"`
	// Sometimes are cases with a race, which are lost in some runs only.
	Sometimes map[string]string `yaml:"sometimes" doc:"the cases that fail in some runs, each with its reason"`
}

// ParseExpected parses a file of expected failures. The error wraps [ErrExpected].
func ParseExpected(text []byte) (*Expected, error) {
	var e Expected
	if _, err := yamlfile.Decode(text, &e); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrExpected, err)
	}
	if strings.TrimSpace(e.Target) == "" {
		return nil, fmt.Errorf("%w: target is missing: want the name of the target, and its version", ErrExpected)
	}
	for id := range e.Sometimes {
		if _, twice := e.Fails[id]; twice {
			return nil, fmt.Errorf("%w: case %s is in fails and in sometimes: remove it from one of them", ErrExpected, id)
		}
	}
	for _, id := range slices.Concat(slices.Collect(maps.Keys(e.Fails)), slices.Collect(maps.Keys(e.Sometimes))) {
		if !slices.ContainsFunc(conform.Known(), func(c conform.Case) bool { return c.ID == id }) {
			return nil, fmt.Errorf("%w: there is no case %q", ErrExpected, id)
		}
	}
	return &e, nil
}

// For checks that the failures are of a target: they begin with its name. The error wraps
// [ErrExpected].
func (e *Expected) For(name string) error {
	rest, found := strings.CutPrefix(e.Target, name)
	next, _ := utf8.DecodeRuneInString(rest)
	if !found || unicode.IsLetter(next) || unicode.IsDigit(next) {
		return fmt.Errorf("%w: they are of %q, and the target is %q: target must begin with that name", ErrExpected, e.Target, name)
	}
	return nil
}

// Mark notes in results which failures are expected, for the reports. Without a file of
// expected failures, e may be nil.
func (e *Expected) Mark(r *conform.Report) {
	if e == nil {
		return
	}
	for i := range r.Results {
		result := &r.Results[i]
		reason, always := e.Fails[result.ID]
		if !always {
			reason, result.Sometimes = e.Sometimes[result.ID]
		}
		if always || result.Sometimes {
			result.Expected = cmp.Or(reason, "without a reason")
		}
	}
}

// isExpected reports whether a case has failed as expected.
func isExpected(r *conform.Result) bool { return r.Outcome == conform.Fail && r.Expected != "" }

// isSurprise reports whether a case has not failed, although it is expected to.
func isSurprise(r *conform.Result) bool {
	return r.Outcome != conform.Fail && r.Expected != "" && !r.Sometimes && !r.LeftOut
}

// expectation describes an expected failure, or one that did not happen; "" for other
// results.
func expectation(r *conform.Result) string {
	switch {
	case isExpected(r) && r.Sometimes:
		return "expected to fail in some runs: " + r.Expected
	case isExpected(r), isSurprise(r):
		return "expected to fail: " + r.Expected
	}
	return ""
}

// severity orders levels: those that count most come first.
var severity = map[conform.Level]int{conform.Must: 0, conform.Bank: 1, conform.Should: 2}

// failures returns the failed cases: unexpected ones first, then by level.
func failures(r *conform.Report) (failed []*conform.Result) {
	for i := range r.Results {
		if r.Results[i].Outcome == conform.Fail {
			failed = append(failed, fill(&r.Results[i]))
		}
	}
	place := func(r *conform.Result) int {
		if isExpected(r) {
			return len(severity) + severity[r.Level]
		}
		return severity[r.Level]
	}
	slices.SortStableFunc(failed, func(a, b *conform.Result) int { return place(a) - place(b) })
	return failed
}

// Differences describes the results that are not expected, both ways. Cases that were left
// out because they wait do not count.
func (e *Expected) Differences(r *conform.Report) (texts []string) {
	for i := range r.Results {
		result := &r.Results[i]
		if _, either := e.Sometimes[result.ID]; either {
			continue
		}
		reason, expected := e.Fails[result.ID]
		switch failed := result.Outcome == conform.Fail; {
		case failed && !expected:
			texts = append(texts, fmt.Sprintf("%s fails, and is expected not to: %s", result.ID, result.Detail))
		case !failed && expected && !result.LeftOut:
			texts = append(texts, fmt.Sprintf("%s is %s, and is expected to fail (%s): %s", result.ID, result.Outcome, reason, result.Detail))
		}
	}
	return texts
}
