// SPDX-License-Identifier: Apache-2.0

// Package measured has the results of package conform for some well-known servers, each
// with its version and date.
//
// A file NAME.json has the lines that "fob conform --json" prints, without the fields that
// all servers share. Files with run_seed 0 were measured by hand, on programs that do not
// run in this repository's tests. All others come from a run of the cases, against the preset
// of the same name or a target file. This command measures them again, and writes the
// pages and the picture about them:
//
//	go run ./tools/conform -measure all
package measured

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/report"
)

//go:embed *.json
var files embed.FS

// Reports returns the results of this package by name: fob's own server first.
func Reports() ([]*conform.Report, error) { return Read(files) }

// Read returns the results in a folder, in the order of [Reports].
func Read(folder fs.FS) ([]*conform.Report, error) {
	list, err := fs.Glob(folder, "*.json")
	if err != nil {
		return nil, err
	}
	var reports []*conform.Report
	for _, name := range list {
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, err
		}
		r, err := report.Read(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		reports = append(reports, r)
	}
	slices.SortStableFunc(reports, func(a, b *conform.Report) int {
		return strings.Compare(place(a), place(b))
	})
	return reports, nil
}

func place(r *conform.Report) string {
	if r.Target == "fob" {
		return ""
	}
	return strings.ToLower(report.Named(r))
}

// result has the fields of a result that depend on the server.
type result struct {
	ID      string          `json:"id"`
	Outcome conform.Outcome `json:"outcome"`
	Detail  string          `json:"detail"`
}

// Write writes results in the form of this package.
func Write(w io.Writer, r *conform.Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range r.Results {
		c := &r.Results[i]
		if err := enc.Encode(result{c.ID, c.Outcome, c.Detail}); err != nil {
			return err
		}
	}
	return enc.Encode(report.TotalsOf(r))
}
