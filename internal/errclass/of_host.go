// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package errclass

import "errors"

// Of returns the class of an error, and whether it has one. In the tree of wrapped
// errors, the outermost class wins; among joined errors, the first.
func Of(err error) (Class, bool) {
	var c Classed
	if errors.As(err, &c) {
		return c.ErrorClass(), true
	}
	return Failed, false
}
