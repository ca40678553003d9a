// SPDX-License-Identifier: Apache-2.0

package cases

import "slices"

// Level is how much a requirement demands.
type Level string

// The levels.
const (
	Must   Level = "MUST"   // a standard demands it
	Should Level = "SHOULD" // a standard recommends it
	Bank   Level = "BANK"   // the bank's rules demand it
)

// Case is one requirement. Cases are listed by [All].
type Case struct {
	ID          string // C01 to C70
	Requirement string // as a sentence
	Source      string // where it is from: R62 is RFC 6238, R42 RFC 4226, R60 RFC 6030, N NIST SP 800-63B-4
	Level       Level

	offline bool // it needs no target
	run     func(*env) string
}

// All returns all cases, in the order of their IDs.
func All() []Case {
	return slices.Concat(codeCases, onceCases, driftCases, resyncCases, countCases, shareCases, revokeCases, lifeCases, fileCases, keyCases, clockCases)
}
