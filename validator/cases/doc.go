// SPDX-License-Identifier: Apache-2.0

// Package cases contains the conformance cases C01 to C70. They are the requirements of
// RFC 6238, RFC 4226, RFC 6030, NIST SP 800-63B and the bank's rules for a server that
// checks codes of hardware tokens with 60-second steps. Each case is a sentence with
// its source and a function that tests it.
//
//	results, err := cases.Run(ctx, target, cases.Options{})
//	for _, r := range results {
//		fmt.Println(r.ID, r.Outcome, r.Detail)
//	}
//
// A [Target] is accessed only through its interfaces: HTTP, RADIUS, the clock of test
// mode, and a function that restarts it. The cases do not depend on its implementation.
// Codes come from package token, or are quoted here from an RFC or another program.
//
// Results are PASS, FAIL or N/A, with a description of the measurement. A case that
// cannot be tested on a target is N/A with the reason, and never PASS.
//
// If the list of requirements and the bank's own rules differ, the case follows the
// bank's. Its level is then [Bank], and its source names the rule.
//
// A run creates contracts, users and tokens in the target, and moves its clock. Use it
// only on a target in test mode without valuable data. Package
// validator/cases/reference starts the bank of this repository.
package cases
