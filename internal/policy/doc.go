// SPDX-License-Identifier: Apache-2.0

// Package policy holds the rules about who may import whom, and what the
// portable packages may use. It has no code of its own: the rules are data in
// rules_test.go, the checker that applies them is in check_test.go, and
// policy_test.go runs it on this repository and on small trees that break each
// rule. A rule without such a test decays.
package policy
