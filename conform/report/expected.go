// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"maps"
	"slices"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/yamlfile"
)

// ErrExpected is the error of a file of expected failures that cannot be used.
var ErrExpected = errclass.New(errclass.Usage, "invalid expected failures")

// Expected are the failures that are known of a target.
type Expected struct {
	Target string            `yaml:"target" doc:"the server and its version" required:"true"`
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
	for _, id := range slices.Concat(slices.Collect(maps.Keys(e.Fails)), slices.Collect(maps.Keys(e.Sometimes))) {
		if !slices.ContainsFunc(conform.Known(), func(c conform.Case) bool { return c.ID == id }) {
			return nil, fmt.Errorf("%w: there is no case %q", ErrExpected, id)
		}
	}
	return &e, nil
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
