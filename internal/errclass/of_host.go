// SPDX-License-Identifier: Apache-2.0

//go:build !tinygo

package errclass

import "errors"

// Of returns the class of an error, and whether it has one. The outermost classed
// error in the tree of wrapped errors decides, and the first of joined ones.
func Of(err error) (Class, bool) {
	var c Classed
	if errors.As(err, &c) {
		return c.ErrorClass(), true
	}
	return Failed, false
}
