// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/errclass"
)

// ErrReport is the error of a file that is not a report in JSON.
var ErrReport = errclass.New(errclass.Usage, "not a report of fob conform --json")

// Totals is the last line of a report in JSON.
type Totals struct {
	Server        string    `json:"server"`
	Version       string    `json:"version,omitempty"` // of the server
	Date          time.Time `json:"date"`              // of the beginning of the run
	RunSeed       uint64    `json:"run_seed"`
	Passed        int       `json:"cases_passed"`
	Failed        int       `json:"cases_failed"`
	NotApplicable int       `json:"cases_not_applicable"`
	Incomplete    bool      `json:"incomplete,omitempty"` // some cases did not run to their end
}

// JSON writes a report as one object for each result, and one for its [Totals], each in a
// line.
func JSON(w io.Writer, r *conform.Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range r.Results {
		if err := enc.Encode(&r.Results[i]); err != nil {
			return err
		}
	}
	return enc.Encode(TotalsOf(r))
}

// TotalsOf returns the totals of a report.
func TotalsOf(r *conform.Report) Totals {
	return Totals{r.Target, r.Version, r.Date, r.Seed, Count(r, conform.Pass), Count(r, conform.Fail), Count(r, conform.NotApplicable), r.Incomplete}
}

// entry is a line of a report.
type entry struct {
	conform.Result
	Totals
}

// Read reads a report that [JSON] has written. The error wraps [ErrReport], and names the line.
func Read(from io.Reader) (*conform.Report, error) {
	text, err := io.ReadAll(from)
	if err != nil {
		return nil, err
	}
	r := &conform.Report{}
	dec := json.NewDecoder(bytes.NewReader(text))
	for ended := false; ; {
		var e entry
		err := dec.Decode(&e)
		line := 1 + bytes.Count(text[:dec.InputOffset()], []byte("\n"))
		switch {
		case errors.Is(err, io.EOF) && ended:
			return r, nil
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%w: the last line is missing", ErrReport)
		case err == nil && ended:
			err = errors.New("the run has ended in a line before: a file has one run")
		case err == nil && e.ID != "":
			err = add(r, &e.Result)
		case err == nil:
			ended, err = true, end(r, &e.Totals)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrReport, line, err)
		}
	}
}

// add adds a result that was read.
func add(r *conform.Report, c *conform.Result) error {
	known := conform.Known()
	at := slices.IndexFunc(known, func(k conform.Case) bool { return k.ID == c.ID })
	if at < 0 {
		return fmt.Errorf("there is no case %q: another version of fob has made these results", c.ID)
	}
	same := func(got, want string) bool { return got == "" || got == want }
	switch {
	case !slices.Contains([]conform.Outcome{conform.Pass, conform.Fail, conform.NotApplicable}, c.Outcome):
		return fmt.Errorf("outcome %q of case %s: want PASS, FAIL or N/A", c.Outcome, c.ID)
	case slices.ContainsFunc(r.Results, func(other conform.Result) bool { return other.ID == c.ID }):
		return fmt.Errorf("case %s occurs twice", c.ID)
	case !same(c.Requirement, known[at].Requirement), !same(string(c.Level), string(known[at].Level)):
		return fmt.Errorf("case %s has another requirement in this version of fob: run the cases again", c.ID)
	}
	r.Results = append(r.Results, *c)
	return nil
}

// end adds the totals that were read.
func end(r *conform.Report, t *Totals) error {
	if t.Server == "" {
		return errors.New("it has neither a case nor the totals of a run")
	}
	r.Target, r.Version, r.Date, r.Seed, r.Incomplete = t.Server, t.Version, t.Date, t.RunSeed, t.Incomplete
	if got := TotalsOf(r); got.Passed != t.Passed || got.Failed != t.Failed || got.NotApplicable != t.NotApplicable {
		return fmt.Errorf("the totals are %d PASS, %d FAIL and %d N/A, and the lines before have %d, %d and %d: lines are missing or changed",
			t.Passed, t.Failed, t.NotApplicable, got.Passed, got.Failed, got.NotApplicable)
	}
	return nil
}
