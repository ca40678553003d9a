// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && rig

package main

import "github.com/d204ef64/fob/firmware"

// rigged implements firmware.Rig. Only images with the tag rig contain it. It cannot
// change supply, temperature or power, which are real on this board.
type rigged board

func (b *board) newRig() firmware.Rig { return (*rigged)(b) }

func (r *rigged) Press(ms uint32) error {
	if ms == 0 {
		r.button.click()
	} else {
		r.button.hold(int64(ms))
	}
	return nil
}

func (r *rigged) Skew(ms int64) error {
	r.clock.offset += ms
	return nil
}

func (*rigged) Supply(firmware.Millivolts) error { return firmware.ErrUnsupported }
func (*rigged) Temperature(int32) error          { return firmware.ErrUnsupported }
func (*rigged) PowerCut(uint32) error            { return firmware.ErrUnsupported }
