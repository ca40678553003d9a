// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package port

// platformGone is empty: goneErrors has all that Unix reports.
var platformGone []error
