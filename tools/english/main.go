// SPDX-License-Identifier: Apache-2.0

// Command english counts habits of writing that make comments and documents hard to
// read, each per 1,000 lines of Go comments or of Markdown. With -budget it fails if
// a count is above the count in the file, which may only decrease. With -v it prints
// where each one is.
//
//	go run ./tools/english -v ./seedfile
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	budget := flag.String("budget", "", "a `file` with the highest count allowed for each pattern")
	verbose := flag.Bool("v", false, "print each place")
	flag.Parse()
	roots := flag.Args()
	if len(roots) == 0 {
		roots = []string{"."}
	}
	if err := run(roots, *budget, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "english:", err)
		os.Exit(1)
	}
}

func run(roots []string, budgetFile string, verbose bool) error {
	var comments, documents text
	for _, root := range roots {
		if err := collect(root, &comments, &documents); err != nil {
			return err
		}
	}
	var over []string
	for _, kind := range []struct {
		name string
		text *text
	}{{"comments", &comments}, {"documents", &documents}} {
		found := kind.text.find()
		fmt.Printf("%d lines of %s\n", kind.text.lines, kind.name)
		for _, p := range patterns {
			places := found[p.name]
			perThousand := 1000 * float64(len(places)) / float64(max(kind.text.lines, 1))
			fmt.Printf("  %-28s %5d  %5.1f per 1,000\n", p.name, len(places), perThousand)
			for _, place := range places {
				if verbose {
					fmt.Println("    " + place)
				}
			}
			if budgetFile == "" {
				continue
			}
			limit, err := allowed(budgetFile, kind.name, p.name)
			if err != nil {
				return err
			}
			if len(places) > limit {
				over = append(over, fmt.Sprintf("%s: %s: %d, the budget is %d", kind.name, p.name, len(places), limit))
			}
		}
	}
	if len(over) > 0 {
		return fmt.Errorf("more than the budget %s allows:\n%s", budgetFile, strings.Join(over, "\n"))
	}
	return nil
}

// allowed reads the budget of a pattern: lines of a kind of text, a number and the
// pattern's name.
func allowed(file, kind, pattern string) (int, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[0] != kind || strings.Join(fields[2:], " ") != pattern {
			continue
		}
		var n int
		if _, err := fmt.Sscan(fields[1], &n); err != nil {
			return 0, fmt.Errorf("%s: %q: %w", file, strings.TrimSpace(line), err)
		}
		return n, nil
	}
	names := []string{}
	for _, p := range patterns {
		names = append(names, p.name)
	}
	slices.Sort(names)
	return 0, fmt.Errorf("%s has no line for %s %q: add one for each of %s", file, kind, pattern, strings.Join(names, ", "))
}
