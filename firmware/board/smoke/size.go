// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && !cost

package main

import "github.com/d204ef64/fob/firmware"

// The smallest flash that a token can use.
const (
	flashPages    = 2
	flashPageSize = firmware.SlotSize
	lineSize      = 160 // bytes of a request or a response
)
