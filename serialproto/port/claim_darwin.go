// SPDX-License-Identifier: Apache-2.0

package port

// claim does nothing here: an existing link to a terminal counts as stale.
type claim struct{}

func claimName(string) (claim, error) { return claim{}, nil }

func (claim) release() {}
