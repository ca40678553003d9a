// SPDX-License-Identifier: Apache-2.0

// Package policy checks the rules about the imports between packages, and about the
// packages and functions that portable packages may use. It contains only tests: the
// rules are data in rules_test.go, check_test.go applies them, and policy_test.go runs
// the checker on this repository and on small trees that break each rule. A rule
// without such a test decays.
package policy
