// SPDX-License-Identifier: Apache-2.0

// Package picture draws tokens: the LCD ([LCD]), the front of the fob ([Front]) and its
// back with the label ([Back]). [Geometry] has the outlines of an LCD for a script that
// draws it.
//
// Its input is plain data: virtual tokens and the pages of the bank use it.
package picture
