// SPDX-License-Identifier: Apache-2.0

// Command architecture draws docs/architecture.svg: the rooms of this module and their
// imports. It fails if an arrow would point up, or if a room has no place.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

//go:generate go run . -out ../../docs/architecture.svg

func main() {
	out := flag.String("out", "", "the file to write; standard output if empty")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "architecture:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	packages, err := listPackages()
	if err != nil {
		return err
	}
	h, err := build(packages)
	if err != nil {
		return err
	}
	svg := h.draw()
	if out == "" {
		_, err = os.Stdout.Write(svg)
		return err
	}
	return os.WriteFile(out, svg, 0o644)
}

// goPackage is one package of the module. The imports of its tests are not included.
type goPackage struct {
	path    string // without the module's path
	imports []string
}

// listPackages returns the packages of the module, from the go command.
func listPackages() ([]goPackage, error) {
	// TinyGo's files count as well: the boards import the firmware.
	cmd := exec.Command("go", "list", "-e", "-tags", "tinygo", "-f",
		"{{.ImportPath}}\t{{.Module.Path}}\t{{join .Imports \" \"}}", "github.com/d204ef64/fob/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.Bytes())
	}
	var packages []goPackage
	for line := range strings.Lines(string(output)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 3 {
			return nil, fmt.Errorf("go list: cannot read %q", line)
		}
		local := func(path string) (string, bool) { return strings.CutPrefix(path, fields[1]+"/") }
		path, ok := local(fields[0])
		if !ok || testOnly(path) {
			continue
		}
		p := goPackage{path: path}
		for to := range strings.FieldsSeq(fields[2]) {
			if to, ok := local(to); ok {
				p.imports = append(p.imports, to)
			}
		}
		packages = append(packages, p)
	}
	return packages, nil
}

// testOnly reports whether a package is used only by tests or for the source tree, and
// not by any program.
func testOnly(path string) bool {
	return strings.HasPrefix(path, "tools/") || slices.Contains([]string{
		"internal/policy", "internal/proptest", "internal/pgtest", "internal/tooltest", "internal/ui/uitest",
		"serialproto/host/hosttest", "validator/bank/banktest", "line/linetest", "line/export/exporttest", "line/journal/journaltest", "firmware/board/smoke",
	}, path)
}
