// SPDX-License-Identifier: Apache-2.0

// Package cases are the conformance cases C01 to C70: what RFC 6238, RFC 4226,
// RFC 6030, NIST SP 800-63B and the bank's rules ask of a server that checks the
// codes of hardware tokens of 60 seconds, each as a sentence with its source and a
// function that finds out.
//
//	for _, r := range cases.Run(ctx, target, cases.Options{}) {
//		fmt.Println(r.ID, r.Outcome, r.Words)
//	}
//
// A [Target] is reached over its network interface only: HTTP, RADIUS, the clock of
// test mode, and a function that restarts it. Nothing here knows how it works
// inside, and codes come from package token, or are written down here as an RFC or
// another program gives them.
//
// Results are PASS, FAIL or N/A, with what was measured in words. What cannot be
// tried on a target is N/A with the reason, and never PASS.
//
// Where the list of requirements and the bank's own rules differ, the case has the
// bank's: then the level is [Bank], and the requirement says it.
//
// A run makes contracts, users and tokens in the target, and moves its clock: it is
// for a target in test mode, with nothing in it that matters. Package
// validator/cases/reference starts this repository's own.
package cases
