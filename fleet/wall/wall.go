// SPDX-License-Identifier: Apache-2.0

// Package wall is a live view of a fleet's tokens in a terminal: their faces, and keys
// for buttons, clocks and time. It draws text and reads keys, and leaves the terminal
// itself to its caller.
package wall

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/d204ef64/fob/fleet/control"
)

// Options connect a wall to a fleet and a terminal. All fields but Resized and Colour are
// required.
type Options struct {
	Client  *control.Client
	Keys    io.Reader                  // the keyboard of a terminal in raw mode
	Size    func() (columns, rows int) // of the terminal
	Resized <-chan os.Signal           // receives when the terminal was resized; nil: never
	Draw    func(text string) error    // shows lines in place of those before
	Colour  bool
}

// Pauses between updates, in the machine's time. Events that come close together are
// shown together, and a clock that runs fast is not drawn more often than can be read.
const (
	settle   = 30 * time.Millisecond
	leastGap = 100 * time.Millisecond
	tickGap  = 250 * time.Millisecond
)

// Run shows the tokens until the user quits or the context ends, and returns nil then. If
// the fleet goes away, the error wraps [control.ErrUnreachable], or [control.ErrEnded] if
// it has ended as it should.
func Run(ctx context.Context, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &wall{o: o, m: model{colour: o.Colour}, done: make(chan result)}
	w.m.columns, w.m.rows = o.Size()
	if err := w.start(ctx); err != nil {
		return quiet(ctx, err)
	}
	keys, events, failed := make(chan key), make(chan control.StreamEvent), make(chan error, 2)
	go func() { failed <- readKeys(ctx, o.Keys, keys) }()
	seq := w.m.clock.Seq
	go func() {
		failed <- o.Client.Events(ctx, control.EventQuery{After: seq}, func(e control.StreamEvent) error {
			select {
			case events <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if err := w.step(ctx); err != nil {
			return quiet(ctx, err)
		}
		timer.Reset(time.Until(w.next()))
		w.shown = true
		select {
		case e := <-events: // the screen changes when the token has been read
			w.happened(e)
			continue
		case k := <-keys:
			w.press(k)
		case r := <-w.done:
			if err := w.finish(r); err != nil {
				return quiet(ctx, err)
			}
		case <-o.Resized: // step looks at the size
		case <-timer.C:
		case err := <-failed:
			return quiet(ctx, err)
		case <-ctx.Done():
			return nil
		}
		w.shown = false
	}
}

// errQuit ends the wall without an error.
var errQuit = errors.New("quit")

// quiet returns nil for the errors of a normal end.
func quiet(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, errQuit) {
		return nil
	}
	return err
}

// wall is the loop's state. Only the loop touches it; requests run in goroutines, one
// that reads and one that changes something.
type wall struct {
	o    Options
	m    model
	done chan result

	all     bool            // the whole page must be read again
	dirty   map[string]bool // hardware ids of tokens that must be read again
	since   time.Time       // of the first change that is not shown
	read    time.Time       // of the last update
	reading bool

	waiting []request
	acting  bool
	quit    bool
	shown   bool // the screen is up to date
	drawn   time.Time
}

// result is the end of a request: a change of the model, or an error.
type result struct {
	apply func(*wall)
	err   error
	acted bool
}

// start reads the first page.
func (w *wall) start(ctx context.Context) error {
	apply, err := w.readPage()(ctx)
	if err == nil {
		apply(w)
	}
	return err
}

// step starts the requests that are due, and draws.
func (w *wall) step(ctx context.Context) error {
	if w.quit {
		return errQuit
	}
	if columns, rows := w.o.Size(); columns != w.m.columns || rows != w.m.rows {
		w.m.columns, w.m.rows = columns, rows
		w.shown = false
		w.page()
	}
	now := time.Now()
	w.overdue(now)
	if !w.reading && !w.since.IsZero() && !now.Before(w.refreshAt()) {
		w.reading, w.since = true, time.Time{}
		read := w.readSome(w.dirty)
		if w.all {
			read = w.readPage()
		}
		w.all, w.dirty = false, nil
		go w.send(ctx, false, read)
	}
	if !w.acting && len(w.waiting) > 0 {
		w.acting = true
		do := w.waiting[0]
		w.waiting = w.waiting[1:]
		go w.send(ctx, true, do)
	}
	if w.shown {
		return nil
	}
	w.drawn = now
	return w.o.Draw(w.m.draw(now))
}

func (w *wall) send(ctx context.Context, acted bool, f request) {
	apply, err := f(ctx)
	select {
	case w.done <- result{apply, err, acted}:
	case <-ctx.Done():
	}
}

// finish applies the result of a request. If the fleet refused it, the wall shows the
// reason.
func (w *wall) finish(r result) error {
	if r.acted {
		w.acting = false
	} else {
		w.reading, w.read = false, time.Now()
	}
	var refused *control.RefusedError
	switch {
	case !errors.As(r.err, &refused):
	case r.acted:
		w.m.say(refused.Error(), true)
		return nil
	case refused.Status == http.StatusNotFound: // a token was removed meanwhile
		w.page()
		return nil
	}
	if r.err == nil {
		r.apply(w)
	}
	return r.err
}

// page lets the whole page be read again.
func (w *wall) page() {
	w.all = true
	w.changed()
}

func (w *wall) changed() {
	if w.since.IsZero() {
		w.since = time.Now()
	}
}

// touch lets one token be read again.
func (w *wall) touch(id string) {
	if w.dirty == nil {
		w.dirty = map[string]bool{}
	}
	w.dirty[id] = true
	w.changed()
}

// happened notes an event. Events of tokens on other pages change nothing here.
func (w *wall) happened(e control.StreamEvent) {
	switch {
	case e.Token == "" || e.Event == "made" || e.Event == "removed":
		w.page()
	case w.m.find(e.Token) >= 0:
		w.touch(e.Token)
	}
}

func (w *wall) refreshAt() time.Time {
	at := w.since.Add(settle)
	if again := w.read.Add(leastGap); again.After(at) {
		at = again
	}
	return at
}

// overdue notes the tokens whose display has changed by itself, because the clock runs.
func (w *wall) overdue(now time.Time) {
	for _, f := range w.m.faces {
		if !f.due.IsZero() && !now.Before(f.due) {
			w.touch(f.HardwareID)
		}
	}
}

// next returns when the loop has something to do if nothing happens before.
func (w *wall) next() time.Time {
	next := time.Now().Add(time.Hour)
	sooner := func(t time.Time) {
		if t.Before(next) {
			next = t
		}
	}
	if !w.reading {
		if !w.since.IsZero() {
			sooner(w.refreshAt())
		}
		for _, f := range w.m.faces {
			if !f.due.IsZero() {
				sooner(f.due)
			}
		}
	}
	if rate := w.m.clock.speed(); rate > 0 {
		second := w.m.now(w.drawn).Truncate(time.Second).Add(time.Second)
		wait := time.Duration(float64(second.Sub(w.m.now(w.drawn))) / rate)
		sooner(w.drawn.Add(max(wait, tickGap)))
	}
	return next
}
