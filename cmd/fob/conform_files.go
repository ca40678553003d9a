// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"io"
	"os"

	"github.com/d204ef64/fob/conform"
)

// reportFile is a file that a flag names for a report.
type reportFile struct {
	flag, path string // path may be ""
	write      func(io.Writer, *conform.Report) error
}

// checkNew checks before a long run that the files can be written at its end. It leaves
// no file behind, and touches none that exists.
func checkNew(files []reportFile) (err error) {
	var made []reportFile
	defer func() {
		for _, f := range made {
			err = errors.Join(err, writing(f.path, os.Remove(f.path)))
		}
	}()
	for _, f := range files {
		if f.path == "" {
			continue
		}
		if info, err := os.Stat(f.path); err == nil {
			for _, other := range made {
				if o, err := os.Stat(other.path); err == nil && os.SameFile(info, o) {
					return usagef("--%s and --%s name the same file %s: name another one", other.flag, f.flag, f.path)
				}
			}
		}
		if err := writeNew(f.path, nil, 0o644); err != nil {
			return err
		}
		made = append(made, f)
	}
	return nil
}

// writeReports writes the files.
func writeReports(files []reportFile, r *conform.Report) error {
	for _, f := range files {
		if f.path == "" {
			continue
		}
		var b bytes.Buffer
		if err := errors.Join(f.write(&b, r), writeNew(f.path, b.Bytes(), 0o644)); err != nil {
			return err
		}
	}
	return nil
}
