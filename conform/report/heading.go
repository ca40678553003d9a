// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/errclass"
)

// ErrMixed is the error of reports that have no case in common.
var ErrMixed = errclass.New(errclass.Usage, "these results cannot be compared")

// Comparable returns an error if some reports are of seed files and others are not. It wraps
// [ErrMixed].
func Comparable(reports []*conform.Report) error {
	var files, others *conform.Report
	for _, r := range reports {
		for i := range r.Results {
			if isFileCase(r.Results[i].ID) {
				files = r
			} else {
				others = r
			}
		}
	}
	if files != nil && others != nil {
		return fmt.Errorf("%w: %s has cases of fob conform import, and %s has those of fob conform: compare them apart", ErrMixed, from(files), from(others))
	}
	return nil
}

// from returns the origin of a report.
func from(r *conform.Report) string {
	if r.File != "" {
		return r.File
	}
	return Named(r)
}

// headings returns a name for each report, with as many details as it needs to differ from
// the others.
func headings(reports []*conform.Report, name func(*conform.Report) string) []string {
	names := make([]string, len(reports))
	for i, r := range reports {
		names[i] = name(r)
	}
	for _, detail := range []func(i int) string{
		func(i int) string { return reports[i].Version },
		func(i int) string { return reports[i].Date.Format(time.DateOnly) },
		func(i int) string { return reports[i].Date.Format("15:04:05") },
		func(i int) string { return reports[i].File },
		func(i int) string { return fmt.Sprintf("(%d)", i+1) },
	} {
		longer := slices.Clone(names)
		for i := range names {
			differs, twice := false, false
			for j := range names {
				if i != j && names[j] == names[i] {
					twice = true
					differs = differs || detail(j) != detail(i)
				}
			}
			if twice && differs && !strings.Contains(names[i], detail(i)) {
				longer[i] = strings.TrimSpace(names[i] + " " + detail(i))
			}
		}
		names = longer
	}
	return names
}

// unknown returns how many cases of a comparison a report does not have.
func unknown(rows []Row, column int) (n int) {
	for _, row := range rows {
		if row.Results[column] == nil {
			n++
		}
	}
	return n
}
