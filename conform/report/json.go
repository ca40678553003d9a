// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// Read reads a report that [JSON] has written. The error wraps [ErrReport].
func Read(from io.Reader) (*conform.Report, error) {
	r := &conform.Report{}
	dec := json.NewDecoder(from)
	for {
		var line struct {
			conform.Result
			Totals
		}
		switch err := dec.Decode(&line); {
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%w: the last line is missing", ErrReport)
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrReport, err)
		case line.ID != "":
			r.Results = append(r.Results, line.Result)
		case line.Server != "":
			r.Target, r.Version, r.Date, r.Seed, r.Incomplete = line.Server, line.Version, line.Date, line.RunSeed, line.Incomplete
			return r, nil
		default:
			return nil, ErrReport
		}
	}
}
