// SPDX-License-Identifier: Apache-2.0

package journal

// Valid reports whether it is one of the states.
func (s State) Valid() bool {
	switch s {
	case Allocated, Sent, Confirmed, Verified, Locking, Locked, Labelled, Done, Void:
		return true
	}
	return false
}
