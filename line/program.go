// SPDX-License-Identifier: Apache-2.0

package line

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
)

const (
	// boundary is how far from the start and the end of a step its code is compared.
	// The clocks of token and station may differ by a little.
	boundary = 2 * time.Second

	// longestDrift ends a measurement of a crystal that cannot be decided.
	longestDrift = 5 * time.Minute
)

// program sends the seed, and checks that the device has it and keeps time.
func (w *work) program(ctx context.Context) (err error) {
	s, j := w.station, w.station.journal
	if err := w.prepare(ctx, true); err != nil {
		return err
	}
	began := s.instant()
	seed, err := j.Seed(ctx, &w.unit)
	if err != nil {
		return err
	}
	defer seed.Destroy()
	if err := w.startCrystal(ctx); err != nil {
		return err
	}
	defer func() { w.measuring = false }() // another attempt measures anew
	if !w.begun {
		if err := j.Begin(ctx, &w.unit, w.socket); err != nil {
			return err
		}
	}
	w.begun = false
	w.step(StepProvision)
	order := host.Order{
		Serial: w.unit.Serial, Profile: s.job.Profile, Expiry: w.unit.Expiry, Zone: s.job.Zone, Seed: seed,
		Now: s.now, DeviceKey: &w.unit.DeviceKey,
	}
	if err := s.keyChecked(w.client.Provision(ctx, s.key, order)); err != nil {
		return err
	}
	if err := w.setClock(ctx); err != nil {
		return err
	}
	if err := w.codes(ctx, &order); err != nil {
		return err
	}
	if err := w.drift(ctx); err != nil {
		return err
	}
	if by := s.stepped(began); by.Abs() > stepLimit {
		return fmt.Errorf("%w (by %v)", errStepped, by.Round(time.Millisecond))
	}
	w.step(StepSeal)
	w.timed()
	return j.Verified(ctx, &w.unit, seed)
}

// keyChecked notes whether a device has accepted the station's key. It takes the error of
// a sealed message. If no device has accepted the key in this run, and this one refuses
// the message, the key is probably not the one with which the devices were made: the
// station must stop before it uses up more serial numbers.
func (s *Station) keyChecked(err error) error {
	switch {
	case err == nil, errors.Is(err, host.ErrVerify):
		s.keyAccepted.Store(true)
	case errors.Is(err, serialproto.ErrAuthentication) && !s.keyAccepted.Load():
		return fmt.Errorf("%w: %w", ErrStationKey, err)
	}
	return err
}

// codes compares the code of one step, or of two steps one after the other.
func (w *work) codes(ctx context.Context, order *host.Order) error {
	w.step(StepCodes)
	steps, results := 1, &w.unit.Results
	if w.station.job.TwoSteps {
		steps = 2
	}
	results.Codes, results.Read = 0, "device"
	if w.station.job.TwoSteps && w.rig {
		results.Read = "lcd"
		// The self-test lights up all segments.
		if err := sleep(ctx, testLight+testLight/4-time.Since(w.tested)); err != nil {
			return err
		}
	}
	last := int64(0)
	for results.Codes < steps {
		d, err := w.client.Display(ctx)
		if err != nil {
			return err
		}
		step := time.Duration(order.Profile.Step) * time.Second
		var wait time.Duration
		switch {
		case results.Codes > 0 && d.Step == last:
			wait = d.Left + boundary
		case d.Left < boundary:
			wait = d.Left + boundary
		case step-d.Left < boundary:
			wait = boundary - (step - d.Left)
		}
		if wait > 0 {
			if err := w.station.sleep(ctx, wait); err != nil {
				return err
			}
			continue
		}
		if err := w.client.Verify(ctx, *order); err != nil {
			return err
		}
		if results.Read == "lcd" {
			if err := w.displayed(ctx, order); err != nil {
				return err
			}
		}
		last = d.Step
		results.Codes++
	}
	return nil
}

// displayed compares the code that the LCD shows.
func (w *work) displayed(ctx context.Context, order *host.Order) error {
	d, err := w.client.LightUp(ctx)
	if err != nil {
		return err
	}
	want, err := order.Profile.Code(order.Seed, d.Step)
	if err != nil {
		return err
	}
	if strings.TrimSpace(d.Text) != want.String() {
		return fmt.Errorf("%w: the LCD does not show the code of its step", errDisplay)
	}
	return nil
}

// sleep waits, or returns the error of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// startCrystal begins to measure the crystal, unless that has begun.
func (w *work) startCrystal(ctx context.Context) (err error) {
	if w.measuring {
		return nil
	}
	if w.meter, err = w.client.StartCrystal(ctx); unsupported(err) {
		w.meter = nil
		if w.station.job.DriftLimit != 0 {
			return faulty("the device cannot measure its crystal")
		}
	} else if err != nil {
		return err
	}
	w.measuring = true
	return nil
}

// drift measures the crystal since the device was plugged in, and goes on only as long as the
// order's limit requires.
func (w *work) drift(ctx context.Context) error {
	w.step(StepDrift)
	w.unit.Results.Drift = nil
	if w.meter == nil {
		return nil
	}
	limit, longest := w.station.job.DriftLimit, longestDrift
	if limit == 0 {
		longest = 0 // the time that the other steps took must do
	}
	r, err := w.meter.Measure(ctx, limit, longest)
	if err != nil {
		return err
	}
	middle, spread := r.PPM()
	if math.IsInf(r.High-r.Low, 0) { // not measured, and no limit
		return nil
	}
	if limit == 0 {
		w.unit.Results.Drift = measured(middle, spread, 0, 0)
		return nil
	}
	w.unit.Results.Drift = measured(middle, spread, -limit, limit)
	if !r.Within(limit) {
		return faulty("the crystal is off by more than the limit of %.0f ppm", limit)
	}
	return nil
}

// lock locks the device and checks that it keeps its secrets from now on.
func (w *work) lock(ctx context.Context) error {
	j := w.station.journal
	w.step(StepLock)
	info, err := w.client.Info(ctx)
	if err != nil {
		return err
	}
	if info.Serial != w.unit.Serial {
		return suspect("the device was programmed as %s, but its serial number is %q", w.unit.Serial, info.Serial)
	}
	if info.State == serialproto.StateProvisioned {
		w.timed()
		if err := j.Advance(ctx, &w.unit, journal.Locking); err != nil {
			return err
		}
		if err := w.client.Lock(ctx); err != nil {
			return err
		}
		if info, err = w.client.Info(ctx); err != nil {
			return err
		}
	}
	if info.State != serialproto.StateLocked {
		return suspect("the device was verified and locked, but it is %v", info.State)
	}
	if err := w.readOut(ctx); err != nil {
		return err
	}
	if !w.station.prints() { // it goes on record at the end
		return nil
	}
	w.timed()
	return j.Advance(ctx, &w.unit, journal.Locked)
}

// measured returns a measurement. Limits that are both 0 were not in the order.
func measured(value, spread, low, high float64) *journal.Measurement {
	m := &journal.Measurement{Value: value, Spread: spread}
	if low != 0 || high != 0 {
		m.Low, m.High = &low, &high
	}
	return m
}
