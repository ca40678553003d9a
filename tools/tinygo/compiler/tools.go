// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package compiler imports the TinyGo compiler, to make `go mod tidy` keep it in
// go.mod. This file is never built.
package compiler

import _ "github.com/tinygo-org/tinygo"
