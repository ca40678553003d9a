// SPDX-License-Identifier: Apache-2.0

// Package seedset has seed files with which importers are tested: PSKC (RFC 6030) and the
// CSV files of common servers, correct ones and wrong ones. Each [Kind] states whether an
// importer must accept the file, why, and which document requires it.
//
//	for _, f := range seedset.Files(7) {
//		fmt.Println(f.Name, f.Verdict, len(f.Text))
//	}
//
// The same number always makes the same files. The package writes and encrypts all texts
// itself. It does not use package seedfile, because a mistake there would then affect both
// sides.
//
// The seeds and keys are not secret: anyone can make them from the number. Use the files
// only with test systems.
package seedset
