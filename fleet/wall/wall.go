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

// retryEvery is how often the wall tries again to reach a fleet that does not answer.
const retryEvery = time.Second

// Run shows the tokens until the user quits or the context ends, and returns nil then.
// When the fleet ends as it should, the error wraps [control.ErrEnded]. If it stops
// answering, the wall shows that, and goes on when it answers again. If it does not
// answer at the beginning, the error wraps [control.ErrUnreachable].
func Run(ctx context.Context, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &wall{
		o: o, m: model{colour: o.Colour}, done: make(chan result),
		events: make(chan control.StreamEvent), deaf: make(chan error),
	}
	w.m.columns, w.m.rows = o.Size()
	if err := w.start(ctx); err != nil {
		return quiet(ctx, err)
	}
	keys, failed := make(chan key), make(chan error, 1)
	go func() { failed <- readKeys(ctx, o.Keys, keys) }()
	w.listen(ctx)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if err := w.step(ctx); err != nil {
			return quiet(ctx, err)
		}
		timer.Reset(time.Until(w.next()))
		w.shown = true
		var err error
		select {
		case e := <-w.events: // the screen changes when the token has been read
			w.happened(e)
			continue
		case k := <-keys:
			w.press(k)
		case r := <-w.done:
			err = w.finish(ctx, r)
		case err = <-w.deaf:
			w.listening = false
			if !errors.Is(err, control.ErrEnded) { // a fleet that was started again has other events
				w.lose()
				err = nil
			}
		case <-o.Resized: // step looks at the size
		case <-timer.C:
		case err = <-failed:
		case <-ctx.Done():
			return nil
		}
		if err != nil {
			return quiet(ctx, err)
		}
		w.shown = false
	}
}

// listen starts to follow the events after those that the page shows.
func (w *wall) listen(ctx context.Context) {
	w.listening = true
	seq := w.m.clock.Seq
	go func() {
		err := w.o.Client.Events(ctx, control.EventQuery{After: seq}, func(e control.StreamEvent) error {
			select {
			case w.events <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		select {
		case w.deaf <- err:
		case <-ctx.Done():
		}
	}()
}

// lose notes that the fleet does not answer, and lets the page be read again in a while.
func (w *wall) lose() {
	if !w.m.lost {
		w.m.lose()
		w.waiting = nil
	}
	w.page()
	w.since = time.Now().Add(retryEvery)
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

	events    chan control.StreamEvent
	deaf      chan error // the end of the events
	listening bool

	all     bool            // the whole page must be read again
	dirty   map[string]bool // hardware ids of tokens that must be read again
	since   time.Time       // of the first change that is not shown
	read    time.Time       // of the last update
	reading bool
	turned  bool // the page was turned, and is not read yet

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
		w.fit()
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
func (w *wall) finish(ctx context.Context, r result) error {
	if r.acted {
		w.acting = false
	} else {
		w.reading, w.read = false, time.Now()
	}
	var refused *control.RefusedError
	switch {
	case r.err == nil:
		w.m.lost = w.m.lost && r.acted
		r.apply(w)
		if !r.acted && !w.listening {
			w.listen(ctx)
		}
		return nil
	case errors.As(r.err, &refused) && refused.Status == http.StatusServiceUnavailable, // it ends
		errors.Is(r.err, control.ErrUnreachable):
		w.lose()
		return nil
	case refused != nil && r.acted:
		w.m.say(refused.Error(), true)
		return nil
	case refused != nil && refused.Status == http.StatusNotFound: // a token was removed meanwhile
		w.page()
		return nil
	}
	return r.err
}

// fit lets the page be read again after its size has changed. The selected token stays on
// it.
func (w *wall) fit() {
	if f := w.m.selected(); f != nil && w.m.sel >= w.m.capacity() {
		w.turn(f.Tag-1, 0)
		return
	}
	w.page()
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
	if w.m.lost {
		return
	}
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
		if w.m.lost {
			return next
		}
		for _, f := range w.m.faces {
			if !f.due.IsZero() {
				sooner(f.due)
			}
		}
	}
	if rate := w.m.clock.speed(); rate > 0 && !w.m.lost {
		second := w.m.now(w.drawn).Truncate(time.Second).Add(time.Second)
		wait := time.Duration(float64(second.Sub(w.m.now(w.drawn))) / rate)
		sooner(w.drawn.Add(max(wait, tickGap)))
	}
	return next
}
