// SPDX-License-Identifier: Apache-2.0

package order

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// check returns the name of the wrong field and the fault.
func (f *Firmware) check() (field string, err error) {
	switch isRange := f.From != "" || f.To != ""; {
	case isRange && len(f.Versions) > 0:
		return "versions", errors.New("give a list of versions or a range, not both")
	case !isRange && len(f.Versions) == 0:
		return "", errors.New("give versions, or from and to")
	case !isRange:
		for _, v := range f.Versions {
			if !semver.IsValid("v" + v) {
				return "versions", fmt.Errorf("%q is not a version such as 0.1.0", v)
			}
		}
		return "", nil
	case !semver.IsValid("v" + f.From):
		return "from", fmt.Errorf("%q is not a version such as 0.1.0", f.From)
	case !semver.IsValid("v" + f.To):
		return "to", fmt.Errorf("%q is not a version such as 0.1.0", f.To)
	case semver.Compare("v"+f.From, "v"+f.To) > 0:
		return "to", fmt.Errorf("%s is lower than from, %s", f.To, f.From)
	}
	return "", nil
}

// Allows reports whether a device may run a version of the firmware. Versions are
// ordered as in Semantic Versioning.
func (f *Firmware) Allows(version string) bool {
	if len(f.Versions) > 0 {
		return slices.Contains(f.Versions, version)
	}
	v := "v" + version
	return semver.IsValid(v) && semver.Compare("v"+f.From, v) <= 0 && semver.Compare(v, "v"+f.To) <= 0
}

// String returns the versions for people.
func (f *Firmware) String() string {
	if len(f.Versions) > 0 {
		return strings.Join(f.Versions, ", ")
	}
	return f.From + " to " + f.To
}
