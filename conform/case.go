// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
)

// Level is the strength of a requirement.
type Level string

// The levels.
const (
	Must   Level = "MUST"   // required by a standard
	Should Level = "SHOULD" // recommended by a standard, or by practice
	Bank   Level = "BANK"   // required by a bank's rules
)

// Levels returns all levels.
func Levels() []Level { return []Level{Must, Should, Bank} }

// Case is one requirement. [All] lists the cases.
type Case struct {
	ID          string
	Requirement string // a sentence
	Source      string // documents and sections, separated by semicolons
	Level       Level
	Why         string   // the harm to users if the requirement is not met
	Steps       []string // how the requirement is tested, in sentences
	Theme       string   // cases with the same theme belong together
	Needs       []Verb   // in addition to import and check
	Or          []Verb   // these verbs serve instead of Needs
	// Wait is how long the case waits on a target without the verb clock.
	Wait time.Duration

	lacks    func(*Target) string // needs beyond verbs that the target does not meet, or ""
	run      func(*env) string    // returns the measurement
	restarts bool                 // it restarts the target, if that has the verb, and runs alone
}

// Missing returns the verbs of Needs that a target lacks, or none if it has all in Or.
func (c *Case) Missing(t *Target) []Verb {
	lacks := func(verbs []Verb) []Verb {
		return slices.DeleteFunc(slices.Clone(verbs), t.Has)
	}
	missing := lacks(c.Needs)
	if len(c.Or) > 0 && len(lacks(c.Or)) == 0 {
		return nil
	}
	return missing
}

// Unable returns the needs of the case that a target lacks: verbs, values of the status, or a
// period for each token. It returns "" if the target can be tested.
func (c *Case) Unable(t *Target) string {
	if missing := c.Missing(t); len(missing) > 0 {
		return listed(missing)
	}
	if c.lacks != nil {
		return c.lacks(t)
	}
	return ""
}

// ownPeriod is for cases that import tokens of other periods.
func ownPeriod(t *Target) string {
	if t.Limits.OtherPeriods {
		return ""
	}
	return "an import with the period of a token"
}

// driftShown is for cases that read the offset.
func driftShown(t *Target) string {
	if t.NoDrift {
		return "the drift in the status"
	}
	return ""
}

// themes are the cases by theme, in the order of reports.
var themes = []struct {
	name  string
	cases []Case
}{
	{"Codes and the window", codeCases},
	{"One use of each code", onceCases},
	{"Clocks that drift", driftCases},
	{"Corrections by two codes", resyncCases},
	{"Failed attempts", slices.Concat(countCases, timingCases)},
	{"Lockouts", shareCases},
	{"Seeds", keyCases},
	{"The server's clock", clockCases},
	{importTheme, fileCases},
	{"Users of a bank", slices.Concat(roleCases, ruleCases)},
	{"The life of a token", lifeCases},
}

// Themes returns the themes of cases in the order of reports.
func Themes() (names []string) {
	for _, t := range themes {
		names = append(names, t.name)
	}
	return names
}

// All returns all cases in the order of their IDs.
func All() []Case {
	var all []Case
	for _, theme := range themes {
		for _, c := range theme.cases {
			c.Theme = theme.name
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b Case) int { // the bank's rules last
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), strings.Compare(a.ID, b.ID))
	})
	return all
}

// ErrCase is returned for a selection that no case matches.
var ErrCase = errclass.New(errclass.Usage, "invalid selection of cases")

// Selection selects cases. Empty fields select all.
type Selection struct {
	IDs     []string
	Levels  []Level
	Profile string // one of [Profiles]
	Import  bool   // from [ImportCases] instead of [All]
}

// profiles are texts of sources; "" is in all of them.
var profiles = map[string]string{"bank": "", "rfc": "RFC", "nist": "NIST"}

// Profiles returns the names of the profiles: bank selects all cases, rfc and nist those
// with such a source.
func Profiles() []string { return []string{"bank", "rfc", "nist"} }

// Select returns the selected cases in the order of [All]. The error wraps [ErrCase].
func Select(s Selection) ([]Case, error) {
	all := All()
	if s.Import {
		all = ImportCases()
	}
	for _, id := range s.IDs {
		if id == "" {
			return nil, fmt.Errorf("%w: an ID is empty", ErrCase)
		}
		if !slices.ContainsFunc(all, func(c Case) bool { return strings.EqualFold(c.ID, id) }) {
			return nil, fmt.Errorf("%w: there is no case %q: want %s to %s", ErrCase, id, all[0].ID, all[len(all)-1].ID)
		}
	}
	for _, l := range s.Levels {
		if !slices.Contains(Levels(), l) {
			return nil, fmt.Errorf("%w: there is no level %q: want one of %v", ErrCase, l, Levels())
		}
	}
	source, known := profiles[s.Profile]
	if s.Profile != "" && !known {
		return nil, fmt.Errorf("%w: there is no profile %q: want one of %v", ErrCase, s.Profile, Profiles())
	}
	chosen := slices.DeleteFunc(all, func(c Case) bool {
		return len(s.IDs) > 0 && !slices.ContainsFunc(s.IDs, func(id string) bool { return strings.EqualFold(c.ID, id) }) ||
			len(s.Levels) > 0 && !slices.Contains(s.Levels, c.Level) || !strings.Contains(c.Source, source)
	})
	if len(chosen) == 0 {
		return nil, fmt.Errorf("%w: no case has all of these properties", ErrCase)
	}
	return chosen, nil
}
