// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package port

// platformGone is empty: goneErrors has all errors of Unix.
var platformGone []error
