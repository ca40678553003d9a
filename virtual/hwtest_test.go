// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/firmware/hwtest"
)

// TestHardware checks every interface of a virtual token's hardware against its
// contract.
func TestHardware(t *testing.T) {
	for i := range models {
		t.Run(models[i].Name, func(t *testing.T) {
			w, err := NewWorld(Config{Seed: 1, StationKey: [32]byte{1}})
			require.NoError(t, err)
			v := w.NewToken(&models[i], Perfect())
			v.mu.Lock()
			defer v.mu.Unlock()
			h := v.borrowLocked()
			defer h.release()
			conn := v.Connect(func() int64 { return int64(v.at.Milli()) })
			v.conn = conn
			// Time passes for the token alone, and the line is looped back.
			wait := func(ms int64) {
				v.at = v.at.Add(time.Duration(ms) * time.Millisecond)
				conn.in, conn.out = append(conn.in, conn.out...), conn.out[:0]
			}
			report := hwtest.To(t)

			hwtest.Clock(h.hw.Clock, true, wait, report)
			hwtest.Flash(h.hw.Flash, report)
			hwtest.LCD(h.hw.LCD, func() firmware.Frame { return v.lcd.Driven }, report)
			hwtest.Button(h.hw.Button, func() { v.clicked = true },
				func() { v.upAt = Forever }, func() { v.upAt = 0 }, report)
			hwtest.Line(h.hw.Line, wait, true, report)
			hwtest.Supply(h.hw.Supply, report)
			hwtest.Identity(h.hw.Identity, report)
			hwtest.Rig(&h.hw, wait, report)

			require.Equal(t, v.lcd.Digits(), h.hw.LCD.Digits())
			require.Equal(t, models[i].Digits, h.hw.LCD.Digits())
		})
	}
}

// TestHardwareAnyBattery: the voltage of a battery meets the contract of a supply until
// the battery is empty, and a clock meets its contract even with a crystal at the end
// of its range.
func TestHardwareAnyBattery(t *testing.T) {
	w, err := NewWorld(Config{Seed: 2, StationKey: [32]byte{1}})
	require.NoError(t, err)
	v := w.NewToken(&models[1], Trim(20_000))
	v.battery.Used = v.battery.Spec.Capacity * 0.99
	v.mu.Lock()
	defer v.mu.Unlock()
	h := v.borrowLocked()
	defer h.release()
	hwtest.Supply(h.hw.Supply, hwtest.To(t))
	hwtest.Clock(h.hw.Clock, true, func(ms int64) { v.at = v.at.Add(time.Duration(ms) * time.Millisecond) }, hwtest.To(t))
}
