// SPDX-License-Identifier: Apache-2.0

package cases

import "slices"

// Level is the strength of a requirement.
type Level string

// The levels.
const (
	Must   Level = "MUST"   // required by a standard
	Should Level = "SHOULD" // recommended by a standard
	Bank   Level = "BANK"   // required by the bank's rules
)

// Case is one requirement. [All] lists the cases.
type Case struct {
	ID          string // C01 to C70
	Requirement string // as a sentence
	Source      string // R62 is RFC 6238, R42 RFC 4226, R60 RFC 6030, N NIST SP 800-63B-4
	Level       Level

	offline bool // needs no target
	run     func(*env) string
}

// All returns all cases, in the order of their IDs.
func All() []Case {
	return slices.Concat(codeCases, onceCases, driftCases, resyncCases, countCases, shareCases, revokeCases, lifeCases, fileCases, keyCases, clockCases)
}
