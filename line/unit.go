// SPDX-License-Identifier: Apache-2.0

package line

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
)

// work is the work on one device that is plugged in.
type work struct {
	station *Station
	client  *host.Client
	socket  string
	number  int         // of the socket
	report  func(Event) // completes and sends an event

	info   host.Info
	key    [32]byte
	unit   journal.Unit
	began  time.Time
	spent  float64      // seconds of work on the unit before
	begun  bool         // the journal has the next attempt already
	ready  bool         // the device was tested since it was plugged in
	tested time.Time    // when the self-test began
	rig    bool         // the device has a rig that reads its LCD
	waits  journal.Wait // how the unit's label must be taken before the next device

	meter     *host.CrystalMeter // nil: the device cannot measure its crystal
	measuring bool               // the measurement has begun
}

// run brings the device, which was identified, to a final state, or returns an error: a
// *[reject], an error of the port if the device was pulled out, or an error of the
// journal or of the station's key, which must end the station. If the device was finished before, known is true.
func (w *work) run(ctx context.Context) (known bool, err error) {
	w.began = time.Now()
	release, other := w.station.claim(w.info.HardwareID, w.number)
	if other != 0 {
		return false, w.refuse(ctx, foreign("the same device is plugged in at port %d", other))
	}
	defer release()
	unit, found, err := w.station.journal.Find(ctx, w.info.HardwareID)
	if err != nil {
		return false, err
	}
	if found && unit.Order != w.station.job.Order {
		return false, w.refuse(ctx, foreign("the device is %s of order %s", unit.Serial, unit.Order))
	}
	w.unit, w.spent = unit, unit.Results.Cycle
	if found && unit.State.Final() {
		return true, w.finished()
	}
	if err := w.suitable(found); err != nil {
		return false, w.refuse(ctx, err)
	}
	if !found && w.station.resume {
		return false, &reject{journal.BinRetest, "the device is not an unfinished unit", "keep it for the next run of the line"}
	}
	if !found {
		if err := w.station.clockReady(); err != nil {
			return false, err
		}
		if err := w.prepare(ctx, false); err != nil {
			return false, w.refuse(ctx, err)
		}
		if err := w.allocate(ctx); err != nil {
			return false, w.refuse(ctx, err)
		}
	}
	if err := w.attempts(ctx); err != nil {
		return false, w.giveUp(ctx, err)
	}
	return false, nil
}

// refuse records a device that is rejected. No serial number is used up for it, and a
// unit that it claims to be stays as it is: another device may be the true one.
func (w *work) refuse(ctx context.Context, err error) error {
	var r *reject
	if !errors.As(err, &r) {
		return err
	}
	if fail := w.station.journal.Refused(ctx, w.info.HardwareID, w.socket, r.reason, r.bin); fail != nil {
		return fail
	}
	return err
}

// finished checks a device that was finished before, without touching it.
func (w *work) finished() error {
	u := &w.unit
	switch {
	case u.State == journal.Void:
		return &reject{u.Bin, "the device was voided before: " + u.Reason, "put it into the box " + string(u.Bin)}
	case w.info.State != serialproto.StateLocked && w.info.State != serialproto.StateExpired:
		return suspect("the device was finished as %s, but it is %v now", u.Serial, w.info.State)
	case w.info.Serial != u.Serial:
		return suspect("the device was finished as %s, but its serial number is %s now", u.Serial, w.info.Serial)
	}
	return nil
}

// leaves reports whether a unit stays as it is after an error, to go on later: the device
// was pulled out, the station ends, or the fault is not the device's.
func leaves(ctx context.Context, err error) bool {
	for _, other := range []error{journal.ErrJournal, journal.ErrUnit, errPrinter, errSilent, errSwapped, ErrClock, ErrStationKey} {
		if errors.Is(err, other) {
			return true
		}
	}
	return ctx.Err() != nil || removed(err)
}

// giveUp makes a unit void after a fault that another attempt cannot mend.
func (w *work) giveUp(ctx context.Context, err error) error {
	if leaves(ctx, err) {
		return err
	}
	bin, advice := binOf(err)
	reason := err.Error()
	// Wiped if it can be: a void device must not look like a good one.
	if wipe := w.wipe(ctx); wipe != nil {
		if removed(wipe) || ctx.Err() != nil {
			return wipe
		}
		reason += ", and it could not be wiped"
	}
	labels, fail := w.station.journal.Labels(ctx, w.unit.ID)
	if fail != nil {
		return fail
	}
	if fail := w.station.journal.Void(ctx, &w.unit, reason, bin); fail != nil {
		return fail
	}
	if len(labels) > 0 {
		advice += ", and destroy the label of " + w.unit.Serial.String()
	}
	return &reject{bin, reason, advice}
}

// wipe destroys a seed that the device may have, even if it claims to have none.
func (w *work) wipe(ctx context.Context) error {
	info, err := w.client.Info(ctx)
	if err != nil {
		return err
	}
	var refused *host.RefusedError
	err = w.client.Wipe(ctx, w.unit.Serial)
	if errors.As(err, &refused) && (info.State == serialproto.StateBlank || info.State == serialproto.StateWiped || info.Serial != w.unit.Serial) {
		return nil // it has no seed of ours
	}
	return err
}

// allocate starts a unit for the device: its serial number is used up from now on.
func (w *work) allocate(ctx context.Context) error {
	w.step(StepAllocate)
	seed, err := token.GenerateSeed(w.station.random, token.DefaultSeedLen)
	if err != nil {
		return fmt.Errorf("%w: %w", journal.ErrJournal, err)
	}
	defer seed.Destroy()
	w.unit, err = w.station.journal.Start(ctx, journal.Device{
		HardwareID: w.info.HardwareID, Key: w.key, Socket: w.socket, Results: w.unit.Results,
	}, seed)
	w.begun = err == nil
	if errors.Is(err, journal.ErrDevice) {
		return suspect("another device has the same key: %v", err)
	}
	return err
}

// attempts goes on with the unit from its state, and tries again if that can mend an
// error. Failures are counted in the journal: a device cannot fail for ever.
func (w *work) attempts(ctx context.Context) error {
	for {
		err := w.attempt(ctx)
		if errors.Is(err, journal.ErrDevice) { // the shared ledger has found another one
			err = suspect("another device has the same key or hardware id: %v", err)
		}
		var r *reject
		if err == nil || leaves(ctx, err) || errors.As(err, &r) {
			return err
		}
		if errors.Is(err, host.ErrTimeout) {
			if _, asked := w.client.Info(ctx); errors.Is(asked, host.ErrTimeout) {
				return errSilent
			}
		}
		if fail := w.station.journal.Failed(ctx, &w.unit, err.Error()); fail != nil {
			return fail
		}
		if w.unit.Failures > w.station.job.Retries {
			return fmt.Errorf("after %d failures: %w", w.unit.Failures, err)
		}
		w.report(Event{Result: Working, Reason: err.Error()})
	}
}

// attempt does the rest of the work, from the state of the unit on.
func (w *work) attempt(ctx context.Context) error {
	info, err := w.client.Info(ctx)
	if err != nil {
		return err
	}
	w.info = info
	j := w.station.journal
	if info.HardwareID != w.unit.HardwareID { // a fixture whose port stayed
		return errSwapped
	}
	ours := info.Serial == w.unit.Serial
	switch state := info.State; w.unit.State {
	case journal.Allocated, journal.Sent, journal.Confirmed:
		switch {
		case state == serialproto.StateBlank, state == serialproto.StateWiped:
		case state == serialproto.StateProvisioned && ours: // the answer was lost
			if err := w.client.Wipe(ctx, w.unit.Serial); err != nil {
				return err
			}
		default:
			return suspect("the device says that it is %v with serial number %q, which this station did not do", state, info.Serial)
		}
		if err := w.station.clockReady(); err != nil {
			return err
		}
		if err := w.program(ctx); err != nil {
			return err
		}
		fallthrough
	case journal.Verified, journal.Locking:
		if err := w.lock(ctx); err != nil {
			return err
		}
		fallthrough
	case journal.Locked:
		if err := w.label(ctx); err != nil {
			return err
		}
		fallthrough
	case journal.Labelled:
		if w.waits, err = j.Waits(ctx, &w.unit); err != nil {
			return err
		}
		w.timed()
		return j.Advance(ctx, &w.unit, w.rest()...)
	}
	return fmt.Errorf("%w: unit %d has the unknown state %q", journal.ErrJournal, w.unit.ID, w.unit.State)
}

// rest returns the last states of a unit: all at once, because nothing happens to the
// device after the label.
func (w *work) rest() []journal.State {
	switch w.unit.State {
	case journal.Labelled:
		return []journal.State{journal.Done}
	case journal.Locked:
		return []journal.State{journal.Labelled, journal.Done}
	}
	return []journal.State{journal.Locked, journal.Labelled, journal.Done}
}

// timed sets the time of the work on the unit until now. A visit that is broken off counts
// until its last record.
func (w *work) timed() { w.unit.Results.Cycle = w.spent + time.Since(w.began).Seconds() }

// step reports that a step begins.
func (w *work) step(s Step) { w.report(Event{Result: Working, Step: s}) }
