// SPDX-License-Identifier: Apache-2.0

package target

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// prepareNeeds checks the field needs.
func (f *File) prepareNeeds() error {
	for sign, pkg := range f.Needs {
		if strings.TrimSpace(sign) == "" || pkg == "" {
			return fmt.Errorf("needs: %q: want a program, or patterns of files, and a Debian package or another place", sign)
		}
		for _, pattern := range strings.Fields(sign) {
			if _, err := filepath.Match(pattern, ""); err != nil {
				return fmt.Errorf("needs: %q: %w", pattern, err)
			}
		}
	}
	return nil
}

// missing returns an error that names all that is not installed.
func (f *File) missing() error {
	var names, packages, others []string
	for _, sign := range slices.Sorted(maps.Keys(f.Needs)) {
		if !slices.ContainsFunc(strings.Fields(sign), installed) {
			name := filepath.Base(strings.Fields(sign)[0])
			names = append(names, name)
			if strings.Contains(f.Needs[sign], " ") { // not the name of a package
				others = append(others, name+": "+f.Needs[sign])
			} else {
				packages = append(packages, f.Needs[sign])
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(packages)
	if len(packages) > 0 {
		others = append([]string{"on Debian: apt-get install " + strings.Join(slices.Compact(packages), " ")}, others...)
	}
	return fmt.Errorf("%w: %s: %s", ErrMissing, strings.Join(names, ", "), strings.Join(others, "; "))
}

// installed reports whether there is a program in PATH, or a file that matches a pattern.
func installed(sign string) bool {
	if !strings.Contains(sign, "/") {
		_, err := exec.LookPath(sign)
		return err == nil
	}
	found, _ := filepath.Glob(sign)
	return len(found) > 0
}
