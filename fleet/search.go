// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/d204ef64/fob/virtual"
)

// past is a part of the token's life that passed during a wait.
type past struct {
	*virtual.Past
	seq uint64 // of the newest log entry before it
}

// MaxPasts is the largest number of parts of a token's life that a wait may not have
// looked at yet. A part ends when something happens to the token, or is read.
const MaxPasts = 1000

// until returns the parts of the token's life up to an instant.
func (w *watch) until(t virtual.WorldTime) ([]past, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.behind {
		return nil, fmt.Errorf("%w: more than %d changes of the token have not been looked at", ErrBehind, MaxPasts)
	}
	n := 0
	for n < len(w.pasts) && w.pasts[n].To <= t {
		n++
	}
	pasts := w.pasts[:n:n]
	w.pasts = w.pasts[n:]
	return pasts, nil
}

// add adds a part of the token's life.
func (w *watch) add(p past) {
	w.mu.Lock()
	if w.behind = w.behind || len(w.pasts) >= MaxPasts; w.behind {
		w.pasts = nil
	} else {
		w.pasts = append(w.pasts, p)
	}
	w.mu.Unlock()
	w.wake()
}

func (w *watch) wake() {
	select {
	case w.happened <- struct{}{}:
	default:
	}
}

// glancesAtOnce is how many displays a wait looks at before it lets others do so.
const glancesAtOnce = 1000

// searches limits how many waits look at the past at once. The other processors are for
// requests that need little time.
var searches = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1))

// search looks for the condition in a part of the token's life.
func (w *watch) search(ctx context.Context, p past) (State, bool, error) {
	from := max(p.From, w.seen, virtual.WorldTime(w.since.Load()))
	to := min(p.To, w.deadline)
	if from > to {
		return State{}, false, nil
	}
	if err := begin(ctx, from, p.To); err != nil {
		return State{}, false, err
	}
	searching := true
	defer func() {
		if searching {
			<-searches
		}
	}()
	n := 0
	for g := range p.Glances(from, to, w.Display != nil) {
		if w.holds(g.Text, g.State) {
			return State{p.Reading(g.World), p.seq}, true, nil
		}
		if n++; n%glancesAtOnce == 0 {
			<-searches
			if err := begin(ctx, g.World, p.To); err != nil {
				searching = false
				return State{}, false, err
			}
		}
	}
	return State{}, false, nil
}

// begin waits for the turn of a search that has got to an instant.
func begin(ctx context.Context, at, to virtual.WorldTime) error {
	if ctx.Err() == nil {
		select {
		case searches <- struct{}{}:
			return nil
		case <-ctx.Done():
		}
	}
	return fmt.Errorf("%w: the displays until %s have been looked at, and not yet those until %s", ctx.Err(),
		at.Time().Format(time.RFC3339), to.Time().Format(time.RFC3339))
}
