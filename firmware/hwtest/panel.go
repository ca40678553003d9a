// SPDX-License-Identifier: Apache-2.0

package hwtest

import "github.com/d204ef64/fob/firmware"

// LCD checks a [firmware.LCD]. shown reads back the frame on the LCD, or is nil if that
// is not possible. Afterwards the LCD is blank.
func LCD(l firmware.LCD, shown func() firmware.Frame, report Report) {
	digits := l.Digits()
	report("Digits is 6 or 8", digits == 6 || digits == 8)
	report("Digits is constant", digits == l.Digits())
	show := func(f firmware.Frame) {
		l.Show(f)
		if shown != nil {
			report("Show drives exactly the segments of the frame", shown() == f)
		}
	}
	show(firmware.AllSegments(digits))
	show(firmware.Frame{})
	for position := range digits {
		for segment := range 7 {
			var f firmware.Frame
			f.Digits[position] = 1 << segment
			show(f)
		}
	}
	for bars := range uint8(7) {
		show(firmware.Frame{Bars: bars})
	}
	show(firmware.Frame{Icons: firmware.IconTick})
	show(firmware.Frame{Icons: firmware.IconBattery})
	show(firmware.Frame{})
}

// Button checks a [firmware.Button] that is up and was not clicked. click presses and
// releases it, hold keeps it down, and release lets it come up. They are nil if the
// button cannot be moved.
func Button(b firmware.Button, click, hold, release func(), report Report) {
	up := true
	for range 10 {
		up = up && !b.Down()
	}
	report("a button that was not pressed is not down", up)
	if click != nil {
		click()
		report("a click is latched until it is read", b.Down())
		report("a click is read once", !b.Down())
		click()
		click()
		report("several unread clicks count as one", b.Down() && !b.Down())
	}
	if hold != nil && release != nil {
		hold()
		held := true
		for range 10 {
			held = held && b.Down()
		}
		report("a button that is held is down at each call", held)
		release()
		b.Down() // the time before the release may be latched
		report("a released button is not down", !b.Down())
	}
}

// Line checks a [firmware.Line] on which nothing arrives by itself. If wait is nil, the
// checks that need time are skipped. looped means that the line returns all bytes
// written to it.
func Line(l firmware.Line, wait Wait, looped bool, report Report) {
	var buf [64]byte
	start := l.Uptime()
	quiet := true
	for range 20 {
		quiet = quiet && l.Read(buf[:]) == 0
	}
	report("Read returns 0 when nothing has arrived", quiet)
	report("Read never waits", l.Uptime()-start <= quick)
	report("Read into an empty slice returns 0", l.Read(nil) == 0)

	start = l.Uptime()
	inRange := true
	// More than any driver's buffer: one and a half responses of the protocol.
	for range 12 {
		n := l.Write(buf[:])
		inRange = inRange && n >= 0 && n <= len(buf)
	}
	report("Write returns a count from 0 to the number of bytes", inRange)
	report("Write never waits", l.Uptime()-start <= quick)
	report("Write of an empty slice returns 0", l.Write(nil) == 0)

	uptime("Line.Uptime", l.Uptime, wait, report)
	if looped {
		loop(l, wait, report)
	}
}

// loop writes a few bytes and reads them back.
func loop(l firmware.Line, wait Wait, report Report) {
	var buf [64]byte
	drain := func() {
		for range 100 {
			if wait != nil {
				wait(10)
			}
			l.Read(buf[:])
		}
	}
	drain()
	const text = "fob line test\n"
	sent := copy(buf[:], text)
	for off, tries := 0, 0; off < sent && tries < 1000; tries++ {
		off += l.Write(buf[off:sent])
	}
	var got [len(text)]byte
	n := 0
	for tries := 0; n < len(got) && tries < 1000; tries++ {
		n += l.Read(got[n:])
		if wait != nil && n < len(got) {
			wait(1)
		}
	}
	report("Read returns the bytes that arrived, in order", n == len(got) && string(got[:]) == text)
}
