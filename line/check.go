// SPDX-License-Identifier: Apache-2.0

package line

import (
	"context"
	"errors"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
)

// identify reads who the device is. Nothing on it changes.
func (w *work) identify(ctx context.Context) error {
	info, err := w.client.Info(ctx)
	if err != nil {
		return err
	}
	w.info = info
	w.step(StepIdentify)
	if info.HardwareID == (host.HardwareID{}) {
		return foreign("the device has no hardware id")
	}
	return nil
}

// suitable checks that the device can be a unit of the order. A unit that was begun is
// checked again, because another device may claim its hardware id.
func (w *work) suitable(begun bool) error {
	job := &w.station.job
	w.unit.Results.Model, w.unit.Results.Firmware = w.info.Model, w.info.Firmware
	switch {
	case w.info.Model != job.Model:
		return foreign("the device is a %q, and the order is for %q", w.info.Model, job.Model)
	case job.Allows != nil && !job.Allows(w.info.Firmware):
		return foreign("the order does not allow firmware %q", w.info.Firmware)
	case begun:
		return nil
	case w.info.State != serialproto.StateBlank && w.info.State != serialproto.StateWiped:
		return foreign("the device is %v with serial number %q, and this station did not program it", w.info.State, w.info.Serial)
	}
	return nil
}

// prepare checks everything about a device that can be checked before it is programmed.
func (w *work) prepare(ctx context.Context, begun bool) error {
	if w.ready {
		return nil
	}
	if err := w.enrolled(ctx, begun); err != nil {
		return err
	}
	if err := w.startCrystal(ctx); err != nil {
		return err
	}
	if err := w.selfTest(ctx); err != nil {
		return err
	}
	w.ready = true
	return nil
}

// enrolled checks the device's key against the enrolment list and the unit.
func (w *work) enrolled(ctx context.Context, begun bool) error {
	key, _, err := w.client.DeviceKey(ctx)
	if err != nil {
		return err
	}
	w.key = key
	list := w.station.enrolment
	want, ok := list[w.info.HardwareID]
	w.unit.Results.Enrolled = list != nil
	switch {
	case list == nil:
	case !ok:
		return suspect("the device is not in the enrolment list")
	case want != key:
		return suspect("the device's key is not the one in the enrolment list")
	}
	if begun && w.unit.DeviceKey != key {
		return suspect("the device's key has changed since its unit was begun")
	}
	return nil
}

const (
	// testLight is how long the self-test lights up all segments.
	testLight = 2 * time.Second
	// lightTries is how often the self-test runs while its light is over before the LCD was
	// read, because the answers are late.
	lightTries = 3
)

// selfTest runs the device's own test and checks the supply voltage.
func (w *work) selfTest(ctx context.Context) error {
	w.step(StepSelfTest)
	results := &w.unit.Results
	for try := 1; ; try++ {
		began := w.station.now()
		t, err := w.client.SelfTest(ctx)
		if err != nil {
			return err
		}
		w.tested = time.Now()
		if err := w.parts(&t); err != nil {
			return err
		}
		lit, err := w.lit(ctx)
		over := w.station.now().Sub(began) >= testLight // maybe: it began with the request or later
		switch {
		case err != nil:
			return err
		case !lit && !over:
			return faulty("the self-test did not light up all segments of the LCD")
		case !lit && try < lightTries:
			continue
		}
		results.Supply = measured(float64(t.Supply), 0, w.station.job.SupplyLow, w.station.job.SupplyHigh)
		if !results.Supply.Within() {
			return faulty("the supply voltage is %d mV, outside of the order's limits", t.Supply)
		}
		return nil
	}
}

// parts records the results of a self-test's parts, and checks that none failed.
func (w *work) parts(t *host.SelfTest) error {
	parts := []journal.Part{{Part: "flash", Passed: t.Flash}, {Part: "crypto", Passed: t.Crypto}}
	for _, p := range t.Parts {
		parts = append(parts, journal.Part{Part: p.Part.String(), Passed: p.Verdict != serialproto.Failed})
	}
	w.unit.Results.SelfTest = parts
	for _, p := range parts {
		if !p.Passed {
			return faulty("the self-test failed: %s", p.Part)
		}
	}
	return nil
}

// lit reports whether all segments of the LCD are lit, or the device has no rig that reads
// them.
func (w *work) lit(ctx context.Context) (bool, error) {
	d, err := w.client.RigDisplay(ctx)
	w.rig = err == nil
	if unsupported(err) {
		return true, nil
	}
	for _, lit := range d.Segments {
		if lit&0x7f != 0x7f {
			return false, nil
		}
	}
	return true, err
}

// unsupported reports whether a device does not have a command.
func unsupported(err error) bool {
	var refused *host.RefusedError
	return errors.As(err, &refused) && refused.ErrorClass() == errclass.Unsupported
}

// readOut tries the commands that a locked device must refuse.
func (w *work) readOut(ctx context.Context) error {
	w.step(StepReadOut)
	w.unit.Results.Refused = nil
	for _, attempt := range []struct {
		name string
		try  func() error
	}{
		{"display", func() error { _, err := w.client.Display(ctx); return err }},
		{"provision", func() error { _, _, err := w.client.DeviceKey(ctx); return err }},
		{"clock", func() error { return w.client.SetClock(ctx, w.station.now()) }},
	} {
		err := attempt.try()
		var refused *host.RefusedError
		switch {
		case err == nil:
			return suspect("the locked device answered %s", attempt.name)
		case !errors.As(err, &refused):
			return err
		case !errors.Is(err, serialproto.ErrLocked):
			return suspect("the locked device refused %s for another reason: %v", attempt.name, refused.Err)
		}
		w.unit.Results.Refused = append(w.unit.Results.Refused, attempt.name)
	}
	return nil
}
