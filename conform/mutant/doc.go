// SPDX-License-Identifier: Apache-2.0

// Package mutant has a small validation server in memory that meets all requirements of
// package conform, with a switch for one mistake at a time. The cases are tested with it:
// each mistake must make its case fail.
//
//	s := mutant.New("C15") // accepts a code twice if the requests come at once
//	report, err := conform.Run(ctx, s.Target(), conform.Options{})
//
// It is not a reference: it has no storage, no access control, and no limits. Use it only
// in tests.
package mutant
