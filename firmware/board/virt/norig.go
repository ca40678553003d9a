// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && !rig

package main

import "github.com/d204ef64/fob/firmware"

// rig is empty: this image has no rig.
type rig struct{}

func (*board) newRig() firmware.Rig { return nil }
func (*rig) deaf() bool             { return false }
func (*rig) after(*board)           {}
func (*board) wake() int64          { return longest }
