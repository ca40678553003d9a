// SPDX-License-Identifier: Apache-2.0

package line

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
)

// socket is a socket and its worker.
type socket struct {
	station *Station
	name    string
	number  int
	changed chan struct{} // has a value after addr changed
	taken   chan struct{} // has a value after the label was taken

	label string       // the serial number whose label must be taken; guarded by the station's mu, as is waits
	waits journal.Wait // how the label is taken

	owed []journal.DueLabel // of the runs before; only the worker uses it

	mu   sync.Mutex // guards the fields below
	addr string     // at which a device was found; "": none
	last string     // addr of the look before
}

// seen passes the result of a look for devices to the worker.
func (k *socket) seen(addr string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	settled := addr
	if addr != k.last {
		settled = "" // a plug bounces
	}
	k.last = addr
	if settled == k.addr {
		return
	}
	k.addr = settled
	select {
	case k.changed <- struct{}{}:
	default: // the worker has not looked at the last change yet
	}
}

// present returns the address of the device, or "".
func (k *socket) present() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.addr
}

// await waits until a port is there. It reports whether the port has just come.
func (k *socket) await(ctx context.Context) (addr string, came bool, err error) {
	for {
		if addr := k.present(); addr != "" {
			return addr, came, nil
		}
		came = true
		select {
		case <-ctx.Done():
			return "", false, ctx.Err()
		case <-k.changed:
		}
	}
}

// run programs one device after the other. It returns an error only if the station must
// stop.
func (k *socket) run(ctx context.Context) error {
	for _, due := range k.owed {
		if err := k.owes(ctx, due); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
	k.emit(Event{Result: Waiting})
	for first := true; ; first = false {
		addr, came, err := k.await(ctx)
		if err != nil {
			return nil
		}
		// A worker starts when its port has come, though it may start late.
		if err := k.device(ctx, addr, came || first); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		k.emit(Event{Result: Waiting})
	}
}

// emit completes and reports an event of this socket.
func (k *socket) emit(e Event) {
	e.Socket, e.Number = k.name, k.number
	k.station.emit(e)
}

// open opens the port, and retries until it is gone. A port may be there without a device,
// or in use by another program for a while.
func (k *socket) open(ctx context.Context, addr string) port.Port {
	told := false
	for k.present() == addr {
		p, err := port.Open(ctx, addr)
		if err == nil {
			return p
		}
		if ctx.Err() != nil {
			return nil
		}
		if absent := errors.Is(err, port.ErrNotFound) || errors.Is(err, port.ErrGone); !absent && !told {
			told = true
			k.emit(Event{Result: Fail, Reason: err.Error(), Advice: "check the cable and the rights on the port: fob doctor"})
		}
		if sleep(ctx, lookInterval) != nil {
			return nil
		}
	}
	return nil
}

// device works on the device at an address and holds the result until it is removed.
func (k *socket) device(ctx context.Context, addr string, came bool) error {
	p := k.open(ctx, addr)
	if p == nil {
		return nil
	}
	defer func() { _ = p.Close() }()
	w := &work{station: k.station, client: host.New(p), socket: k.name, number: k.number}
	w.report = func(e Event) {
		w.complete(&e)
		k.emit(e)
	}
	answers, err := k.answer(ctx, w, came)
	if !answers {
		return nil
	}
	known := false
	if err == nil {
		known, err = w.run(ctx)
	}
	if errors.Is(err, journal.ErrJournal) || errors.Is(err, ErrStationKey) {
		w.report(Event{Result: Fail, Reason: err.Error(), Advice: "the station stops: call the supervisor"})
		return err
	}
	if ctx.Err() != nil {
		return nil
	}
	waits := err == nil && w.waits != journal.NoWait && k.expect(&w.unit, w.waits)
	w.result(known, waits, err)
	if waits {
		if err := k.labelTaken(ctx, &w.unit); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		w.report(Event{Result: Pass, Advice: "remove it", LabelTaken: true})
	}
	if !errors.Is(err, errSilent) && !errors.Is(err, errSwapped) { // it is gone
		k.removal(ctx, w)
	}
	return nil
}

// answer waits until the device at a port identifies itself. An empty fixture does not
// answer. If the port has just come, its device should answer: it failed.
func (k *socket) answer(ctx context.Context, w *work, came bool) (answers bool, err error) {
	for told := false; ; told = true {
		err := w.identify(ctx)
		switch {
		case ctx.Err() != nil:
			return false, nil
		case !errors.Is(err, host.ErrTimeout):
			return true, err
		case came && !told:
			k.emit(Event{Result: Fail, Reason: "the device does not answer", Advice: "plug it in again; if it fails again, put it aside"})
		}
		if sleep(ctx, lookInterval) != nil || k.present() == "" {
			return false, nil
		}
	}
}

// result reports how the work ended.
func (w *work) result(known, waits bool, err error) {
	var r *reject
	e := Event{Result: Fail, Before: known}
	switch {
	case err == nil && known:
		e = Event{Result: Known, Reason: "the device was finished before", Advice: "remove it", Before: true}
	case err == nil:
		e = Event{Result: Pass, Cycle: w.unit.Results.Cycle, Finished: w.unit.Finished, Advice: "remove it"}
		if waits {
			e.Label, e.Advice = true, labelAdvice(w.waits)
		}
	case errors.As(err, &r):
		e.Reason, e.Advice, e.Bin = r.reason, r.advice, r.bin
	case removed(err):
		e.Reason, e.Advice = "the device was pulled out before it was finished", "plug the same device in again"
	case errors.Is(err, errSilent), errors.Is(err, errSwapped):
		e.Reason, e.Advice = err.Error(), "plug the same device in again"
	case errors.Is(err, errPrinter):
		e.Reason, e.Advice = err.Error(), printerAdvice(err)
	case errors.Is(err, journal.ErrComplete):
		e.Reason, e.Advice = err.Error(), "keep the device for another order"
	case errors.Is(err, journal.ErrNumbers), errors.Is(err, journal.ErrElsewhere), errors.Is(err, journal.ErrLedger), errors.Is(err, ErrClock):
		e.Reason, e.Advice = err.Error(), "keep the device, and call the supervisor"
	default:
		e.Reason, e.Advice = err.Error(), "plug the device in again; if it fails again, put it aside"
	}
	w.report(e)
}

// complete adds the device and its unit to an event.
func (w *work) complete(e *Event) {
	e.HardwareID = w.info.HardwareID
	if !w.unit.Serial.IsZero() {
		e.Serial, e.State, e.Attempt = w.unit.Serial.String(), w.unit.State, w.unit.Attempts
	}
}

// lookInterval is the time between two questions to a device that was finished, and
// between two attempts to open a port.
const lookInterval = time.Second

// removal waits until the device is gone: until its port is, another device answers, or
// none does.
func (k *socket) removal(ctx context.Context, w *work) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	left := make(chan struct{})
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	asking.Go(func() {
		defer close(left)
		for silent := 0; sleep(ctx, lookInterval) == nil; {
			switch info, err := w.client.Info(ctx); {
			case removed(err), err == nil && info.HardwareID != w.info.HardwareID:
				return
			case !errors.Is(err, host.ErrTimeout):
				silent = 0
			case silent > 0:
				return
			default:
				silent++
			}
		}
	})
	for k.present() != "" {
		select {
		case <-ctx.Done():
			return
		case <-left:
			return
		case <-k.changed:
		}
	}
}
