// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package compiler imports the TinyGo compiler, so that `go mod tidy` keeps it
// in go.mod. Nothing builds this file.
package compiler

import _ "github.com/tinygo-org/tinygo"
