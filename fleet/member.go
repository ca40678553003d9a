// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/virtual"
)

var (
	// ErrNoCode is the error of a token that shows no code.
	ErrNoCode = errclass.New(errclass.Refused, "the token shows no code")
	// ErrTimeout is the error of a wait whose time is over.
	ErrTimeout = errclass.New(errclass.Timeout, "the wait is over")
	// ErrStopped is the error of a wait for a clock that does not run.
	ErrStopped = errclass.New(errclass.Refused, "the clock is stopped")
)

// State is a token at one instant, with the number of the newest log entry then.
type State struct {
	virtual.Reading
	Seq uint64
}

// Look reads the token. Events of the token up to State.Seq have had their effect, and
// later ones have not.
func (m Member) Look() (s State) {
	m.Token.Look(func(r virtual.Reading) { s = State{r, m.fleet.log.Seq()} })
	return s
}

// Do performs an operation on the token and returns the state after it. The token is
// saved if the fleet has a store.
func (m Member) Do(op func(*virtual.Token)) (State, error) {
	op(m.Token)
	m.fleet.sched.touch(m.tag, m.Token)
	s := m.Look() // before saving: a later change of another client may not be saved yet
	if err := m.fleet.saveMember(m); err != nil {
		return State{}, err
	}
	return s, nil
}

// touched notes when the token has its next event, after an operation.
func (m Member) touched() { m.fleet.sched.touch(m.tag, m.Token) }

// Code is a code that a token shows.
type Code struct {
	Text string // the digits
	State
}

// CodeOptions choose the code that [Member.Code] waits for.
type CodeOptions struct {
	MinLeft time.Duration // of the step, by the token's clock
	Fresh   bool          // of a later step than all codes returned as fresh before, also of forks

	// ReadOnly leaves the fleet as it is: no button is pressed and no clock is moved. It
	// cannot be combined with Fresh, which is recorded.
	ReadOnly bool
}

// Code returns the code that the token shows. A token with a button is pressed if its
// display does not show one. If the code does not fit the options, Code moves a manual
// clock to the token's next step, and waits for it otherwise. The error wraps
// [ErrNoCode] or [ErrStopped], or is the context's.
func (m Member) Code(ctx context.Context, o CodeOptions) (Code, error) {
	for {
		s := m.Look()
		text, ok := CodeOn(s.Reading)
		if !ok && !o.ReadOnly && m.Token.Model().Profile().Behaviour.Button && s.Powered {
			var err error
			if s, err = m.Do((*virtual.Token).Press); err != nil {
				return Code{}, err
			}
			text, ok = CodeOn(s.Reading)
		}
		if !ok {
			return Code{}, fmt.Errorf("%w: its state is %s and its display reads %q", ErrNoCode, s.State, s.Text)
		}
		switch {
		case s.Left < o.MinLeft:
		case !o.Fresh:
			return Code{text, s}, nil
		case m.fleet.fresh.claim(m.Token, s.Step):
			return Code{text, s}, m.fleet.saveMember(m)
		}
		if s.StepEnds > virtual.WorldEnd {
			return Code{}, fmt.Errorf("%w: the world ends before the token's next step", ErrNoCode)
		}
		if err := m.fleet.until(ctx, s.StepEnds, !o.ReadOnly); err != nil {
			return Code{}, err
		}
		if err := m.gone(); err != nil {
			return Code{}, err
		}
	}
}

// CodeOn returns the code on a display, if it shows one.
func CodeOn(r virtual.Reading) (string, bool) {
	text := strings.TrimSpace(r.Text)
	if r.State != serialproto.StateProvisioned && r.State != serialproto.StateLocked && r.State != serialproto.StateExpired {
		return "", false
	}
	if len(text) != r.CodeLen || strings.Trim(text, "0123456789") != "" {
		return "", false
	}
	return text, true
}

// StepLength returns how long a time step of the token is, 0 before provisioning.
func (m Member) StepLength() time.Duration {
	return time.Duration(m.Token.Profile().Step) * time.Second
}

// gone returns an error if the token was removed. It wraps [ErrNotFound].
func (m Member) gone() error {
	if s := m.fleet.slot(m.tag); s == nil || s.token.Load() != m.Token {
		return fmt.Errorf("%w: the token was removed", ErrNotFound)
	}
	return nil
}

// until returns when the world's clock has reached t. If it may, it advances a manual
// clock, also one that becomes manual meanwhile. The error wraps [ErrStopped] if the clock
// stands still.
func (f *Fleet) until(ctx context.Context, t virtual.WorldTime, mayAdvance bool) error {
	changed := newWatch(Condition{})
	f.sched.addWatch(worldTag, changed)
	defer f.sched.removeWatch(worldTag, changed)
	for {
		switch clock := f.world.Clock(); {
		case clock.Now >= t:
			return nil
		case clock.Mode == virtual.Manual && !mayAdvance:
			return fmt.Errorf("%w: the code would come at %s: advance it until then", ErrStopped, t.Time().Format(time.RFC3339))
		case clock.Mode == virtual.Manual:
			f.world.AdvanceTo(t)
			return errors.Join(f.SaveWorld(), ctx.Err())
		case clock.Paused:
			return fmt.Errorf("%w: the code would come at %s: let the clock run again, or make it manual", ErrStopped,
				t.Time().Format(time.RFC3339))
		}
		reached := make(chan struct{})
		alarm := f.world.At(t, func() { close(reached) })
		select {
		case <-reached:
			return nil
		case <-changed.happened:
			alarm.Stop()
		case <-ctx.Done():
			alarm.Stop()
			return ctx.Err()
		}
	}
}

// LookAtAll reads all tokens on all processors, and calls f with each in order. It
// stops when f returns false.
func (f *Fleet) LookAtAll(each func(Member, State) bool) {
	workers := runtime.GOMAXPROCS(0)
	seen := make([][]seenMember, workers)
	blocks := *f.blocks.Load()
	for first := 0; first < len(blocks); first += workers {
		some := blocks[first:min(first+workers, len(blocks))]
		var wait sync.WaitGroup
		for i, b := range some {
			wait.Go(func() { seen[i] = f.lookAt(seen[i][:0], first+i, b) })
		}
		wait.Wait()
		for i := range some {
			for _, s := range seen[i] {
				if !each(s.Member, s.State) {
					return
				}
			}
		}
	}
}

type seenMember struct {
	Member
	State
}

// lookAt reads the tokens of a block.
func (f *Fleet) lookAt(dst []seenMember, number int, b *block) []seenMember {
	for i := range b.slots {
		if t := b.slots[i].token.Load(); t != nil {
			m := Member{t, f, uint32(number*blockSize + i + 1)}
			dst = append(dst, seenMember{m, m.Look()})
		}
	}
	return dst
}
