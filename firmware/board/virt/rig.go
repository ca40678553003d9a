// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && rig

package main

import "github.com/d204ef64/fob/firmware"

// rig is the state of the rig, which changes only simulated parts of the board. Only
// images with the tag rig contain it.
type rig struct {
	batteryOut bool // remove the battery once the response is sent
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

// cutoff is the voltage at which the board would stop working.
const cutoff firmware.Millivolts = 2000

func (r *rigged) Supply(mv firmware.Millivolts) error {
	switch {
	case mv == 0:
		r.rig.batteryOut = true
	case mv <= cutoff: // the board would stop and could not be asked to come back
		return firmware.ErrRange
	default:
		r.supply.mv = mv
	}
	return nil
}

// Temperature is not supported: the board's clock is the host's and has no crystal.
func (*rigged) Temperature(int32) error { return firmware.ErrUnsupported }

func (r *rigged) Skew(ms int64) error {
	r.clock.skew(ms)
	return nil
}

func (r *rigged) PowerCut(n uint32) error {
	r.flash.cutIn = n
	return nil
}

// deaf reports whether the battery is about to be removed. Until then the board reads
// no further requests, because it would forget them.
func (r *rig) deaf() bool { return r.batteryOut }

// after performs actions that had to wait until the response was sent.
func (r *rig) after(b *board) {
	if r.batteryOut {
		b.clock.lose()
		restart()
	}
}

// wake returns the milliseconds until the rig releases the button, at most longest.
func (b *board) wake() int64 {
	if left := b.button.upAt - uptime(); left > 0 {
		return left
	}
	return longest
}
