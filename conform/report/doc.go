// SPDX-License-Identifier: Apache-2.0

// Package report writes the results of package conform for people and for other programs,
// and compares them with the results that a checked-in file expects.
//
//	err := report.Text(os.Stdout, r)
//	err = report.JUnit(file, r)
//	differences := expected.Differences(r)
package report
