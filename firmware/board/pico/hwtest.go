// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && hwtest

package main

import (
	"strconv"

	"github.com/d204ef64/fob/firmware/hwtest"
)

// main runs the contracts of package hwtest against this hardware. It then repeats the
// violated sentences and the counts on the serial port. It does not leave a token
// behind.
func main() {
	b := &memory
	if err := b.start(); err != nil {
		b.say("fob: " + err.Error() + "\n")
	}
	hw := &b.hw
	text, checked, violated := "", 0, 0
	report := func(sentence string, ok bool) {
		checked++
		if !ok {
			violated++
			text += "violated: " + sentence + "\n"
		}
	}
	hwtest.Clock(hw.Clock, true, wait, report)
	hwtest.Flash(hw.Flash, report)
	hwtest.LCD(hw.LCD, nil, report)
	hwtest.Button(hw.Button, b.button.click,
		func() { b.button.hold(60_000); wait(20) },
		func() { b.button.hold(0); wait(20) }, report)
	hwtest.Line(hw.Line, wait, false, report)
	hwtest.Supply(hw.Supply, report)
	hwtest.Identity(hw.Identity, report)
	if hw.Rig != nil {
		hwtest.Rig(hw, wait, report)
	}
	b.say(text + "hwtest: " + strconv.Itoa(checked) + " checked, " + strconv.Itoa(violated) + " violated\n")
}

// wait sleeps instead of spinning, and thus also tests the wake-up sources.
func wait(ms int64) {
	for end := uptime() + ms; uptime() < end; {
		sleep()
	}
}
