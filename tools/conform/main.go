// SPDX-License-Identifier: Apache-2.0

// Command conform writes the documents about the conformance cases: a page for each case,
// their list, and the picture that compares servers.
//
// With -measure, it first runs the cases against presets, and keeps the results in
// conform/measured.
//
//	go run ./tools/conform
//	go run ./tools/conform -measure libpam-oath,vault-1.14.8
//	go run ./tools/conform -measure all
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/measured"
	"github.com/d204ef64/fob/conform/mutant"
	"github.com/d204ef64/fob/conform/report"
)

//go:generate go run .

const (
	dataFolder = "conform/measured"
	pageFolder = "docs/conform"
	matrixFile = "docs/conform-matrix.svg"
)

func main() {
	measure := flag.String("measure", "", "run the cases against these presets first; all: those that have results of a run")
	flag.Parse()
	if err := run(*measure); err != nil {
		fmt.Fprintln(os.Stderr, "conform:", err)
		os.Exit(1)
	}
}

func run(presets string) error {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	if err := os.Chdir(strings.TrimSpace(string(root))); err != nil {
		return err
	}
	if presets != "" {
		if err := measure(presets); err != nil {
			return err
		}
	}
	files, err := documents()
	if err != nil {
		return err
	}
	old, err := filepath.Glob(pageFolder + "/*.md")
	if err != nil {
		return err
	}
	for _, name := range old {
		if files[filepath.ToSlash(name)] == nil {
			err = errors.Join(err, os.Remove(name))
		}
	}
	for name, text := range files {
		err = errors.Join(err, os.WriteFile(name, text, 0o644))
	}
	return err
}

// documents returns the texts of all documents by their path.
func documents() (map[string][]byte, error) {
	reports, err := measured.Read(os.DirFS(dataFolder))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, c := range conform.All() {
		about := report.About{Case: c, Mistake: mutant.Mistake(c.ID), Measured: reports}
		var b bytes.Buffer
		if err := about.Markdown(&b); err != nil {
			return nil, err
		}
		files[pageFolder+"/"+c.ID+".md"] = b.Bytes()
	}
	var index, seeds, matrix bytes.Buffer
	if err := errors.Join(report.Index(&index, reports), report.Files(&seeds, mutant.Mistake), report.SVG(&matrix, reports, false)); err != nil {
		return nil, err
	}
	files[pageFolder+"/README.md"], files[pageFolder+"/seed-files.md"], files[matrixFile] = index.Bytes(), seeds.Bytes(), matrix.Bytes()
	return files, nil
}

// targets are the target files of servers that no preset starts.
var targets = map[string]string{"vault-1.14.8": "tools/vaulttotp/target.yaml"}

// measure runs the cases against presets.
func measure(presets string) error {
	names := strings.Split(presets, ",")
	if presets == "all" {
		var err error
		if names, err = ran(); err != nil {
			return err
		}
	}
	for _, name := range names {
		fmt.Fprintln(os.Stderr, "running the cases against preset:"+name)
		var out, errs bytes.Buffer
		target, other := targets[name]
		if !other {
			target = "preset:" + name
		}
		cmd := exec.Command("go", "run", "./cmd/fob", "conform", "--target", target, "--seed", "1", "--json") //nolint:gosec // a name of a preset
		cmd.Stdout, cmd.Stderr = &out, &errs
		_ = cmd.Run() // it fails if a case does
		r, err := report.Read(&out)
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, errs.Bytes())
		}
		if strings.HasPrefix(r.Version, "v0.0.0-") || strings.HasPrefix(r.Version, "(") { // not a release
			r.Version = ""
		}
		var text bytes.Buffer
		if err := errors.Join(measured.Write(&text, r), os.WriteFile(filepath.Join(dataFolder, name+".json"), text.Bytes(), 0o644)); err != nil {
			return err
		}
	}
	return nil
}

// ran returns the names of the presets that have results of a run.
func ran() (names []string, err error) {
	files, err := filepath.Glob(dataFolder + "/*.json")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		r, err := report.Read(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if r.Seed != 0 {
			names = append(names, strings.TrimSuffix(filepath.Base(file), ".json"))
		}
	}
	slices.Sort(names)
	return names, nil
}
