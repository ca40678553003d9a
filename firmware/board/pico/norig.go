// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && !rig

package main

import "github.com/d204ef64/fob/firmware"

// newRig returns nil: this image has no rig.
func (*board) newRig() firmware.Rig { return nil }
