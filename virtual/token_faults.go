// SPDX-License-Identifier: Apache-2.0

package virtual

// TokenFaults are the faults of a token's hardware that were set and have not struck yet.
type TokenFaults struct {
	Dead, Ghost Segments // of the display: never on, and always on
	FlashFail   bool     // the next flash operation fails
	PowerCutAt  uint32   // the supply fails in the n-th flash operation from now, 1 is the next; 0: never
}

// SetFaults replaces all faults of the token's hardware. The zero value mends it.
func (t *Token) SetFaults(f TokenFaults) {
	t.do(EventArmed, 0, func() {
		t.lcd.Mend()
		t.lcd.Break(f.Dead, f.Ghost)
		t.withFlashLocked((*Flash).disarm)
		if f.FlashFail {
			t.failFlashLocked()
		}
		if f.PowerCutAt > 0 {
			t.armCutLocked(f.PowerCutAt)
		}
	})
}

// MayHaveFaults reports whether the token had faults at its newest event. It does not
// simulate the time since then, in which an armed fault may have struck, and so costs
// little.
func (t *Token) MayHaveFaults() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lcd.Faults != nil || t.flashArmedLocked()
}

func (t *Token) faultsLocked() (f TokenFaults) {
	if t.lcd.Faults != nil {
		f.Dead, f.Ghost = t.lcd.Faults.Dead, t.lcd.Faults.Ghost
	}
	if t.flash != nil {
		f.FlashFail, f.PowerCutAt = t.flash.fail, t.flash.cut
	}
	return f
}
