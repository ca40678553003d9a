// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && rig

package main

import "github.com/d204ef64/fob/firmware"

// rig implements firmware.Rig on what the board only models. It is in images
// with the tag rig and no other.
type rig struct {
	batteryOut bool // once the answer is sent
}

type rigged board

func (b *board) newRig() firmware.Rig { return (*rigged)(b) }

func (r *rigged) Press(ms uint32) error {
	if ms == 0 {
		r.button.clicked = true
		return nil
	}
	r.button.upAt = uptime() + int64(ms)
	return nil
}

// cutoff is the voltage at which the board would stop.
const cutoff firmware.Millivolts = 2000

func (r *rigged) Supply(mv firmware.Millivolts) error {
	switch {
	case mv == 0:
		r.rig.batteryOut = true
	case mv <= cutoff: // it could never be asked to come back
		return firmware.ErrRange
	default:
		r.supply.mv = mv
	}
	return nil
}

// Temperature is refused: the board's clock is the host's, and has no crystal.
func (*rigged) Temperature(int32) error { return firmware.ErrUnsupported }

func (r *rigged) Skew(ms int64) error {
	r.clock.skew(ms)
	return nil
}

func (r *rigged) PowerCut(n uint32) error {
	r.flash.cutIn = n
	return nil
}

// deaf reports whether the battery is about to go: no further request is heard
// by who will not have been there.
func (r *rig) deaf() bool { return r.batteryOut }

// after does what had to wait for the answer.
func (r *rig) after(b *board) {
	if r.batteryOut {
		b.clock.lose()
		restart()
	}
}

// wake is when the rig's hand lets go of the button.
func (b *board) wake() int64 {
	if left := b.button.upAt - uptime(); left > 0 {
		return left
	}
	return longest
}
