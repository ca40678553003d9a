// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// ErrSnapshot is the error of restoring data that is not a snapshot of a token.
var ErrSnapshot = errclass.New(errclass.Failed, "not a snapshot of a token")

const snapshotVersion = 1

// Snapshot is the complete state of a token at one instant. It contains the seed: keep
// it as secret as the token. Only MarshalBinary reveals the content. Formatting,
// logging and marshalling as text or JSON give "[token snapshot]".
//
// The content is behind a closure for the reason given at token.Seed.
type Snapshot struct{ open func() *snapshot }

const redactedSnapshot = "[token snapshot]"

// snapshot is the content. It is stored as JSON.
type snapshot struct {
	Version int           `json:"version"`
	Model   string        `json:"model"`
	Origin  origin        `json:"origin"`
	At      WorldTime     `json:"at"`
	UpAt    WorldTime     `json:"up_at,omitempty"`
	Drops   uint32        `json:"drops,omitempty"`
	Aged    time.Duration `json:"aged,omitempty"` // in ns
	AgedTo  token.Expiry  `json:"aged_to,omitzero"`
	Powered bool          `json:"powered"`
	Crystal Crystal       `json:"crystal"`
	Battery Battery       `json:"cell"`
	LCD     LCD           `json:"glass"`
	Flash   FlashState    `json:"flash"`
	View    firmware.View `json:"view"`
}

// String returns "[token snapshot]".
func (Snapshot) String() string { return redactedSnapshot }

// Format writes "[token snapshot]" for every verb and flag.
func (Snapshot) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redactedSnapshot)) }

// LogValue returns "[token snapshot]".
func (Snapshot) LogValue() slog.Value { return slog.StringValue(redactedSnapshot) }

// MarshalText returns "[token snapshot]", which cannot be parsed again.
func (Snapshot) MarshalText() ([]byte, error) { return []byte(redactedSnapshot), nil }

// UnmarshalText always returns an error: a snapshot has no text form.
func (*Snapshot) UnmarshalText([]byte) error {
	return fmt.Errorf("%w: the content is redacted in this text", ErrSnapshot)
}

// MarshalBinary returns the snapshot in its storage format, with the seed in clear.
func (s Snapshot) MarshalBinary() ([]byte, error) {
	if s.open == nil {
		return nil, fmt.Errorf("%w: empty", ErrSnapshot)
	}
	return json.Marshal(s.open())
}

// UnmarshalBinary parses the output of MarshalBinary. On failure the error wraps
// [ErrSnapshot] and s keeps its value.
func (s *Snapshot) UnmarshalBinary(b []byte) error {
	var d snapshot
	if err := json.Unmarshal(b, &d); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	if d.Version != snapshotVersion {
		return fmt.Errorf("%w: version %d, want %d", ErrSnapshot, d.Version, snapshotVersion)
	}
	if err := d.check(); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	*s = newSnapshot(&d)
	return nil
}

// HardwareID returns the [Token.HardwareID] of the token, zeros for an empty snapshot.
func (s Snapshot) HardwareID() (id [8]byte) {
	if s.open == nil {
		return id
	}
	return s.open().Origin.hardwareID()
}

func newSnapshot(d *snapshot) Snapshot { return Snapshot{open: func() *snapshot { return d }} }

// Snapshot takes a snapshot. It does not include connections.
func (t *Token) Snapshot() Snapshot {
	t.lock()
	defer t.unlock()
	t.catchUpLocked()
	d := &snapshot{
		Version: snapshotVersion,
		Model:   t.model.Name,
		Origin:  t.origin,
		At:      t.at,
		UpAt:    t.upAt,
		Drops:   t.drops,
		Aged:    t.aged,
		AgedTo:  t.agedTo,
		Powered: t.powered,
		Crystal: t.crystal,
		Battery: t.battery,
		LCD:     t.lcd,
		View:    t.core.View(),
	}
	t.withFlashLocked(func(f *Flash) { d.Flash = f.State() })
	d.LCD.Faults = copyOf(t.lcd.Faults)
	d.LCD.Fade = copyOf(t.lcd.Fade)
	return newSnapshot(d)
}

// Restore makes a token from a snapshot. The token has lived on since then: its clock
// has run and its battery has drained. In a world whose clock is behind the snapshot,
// the token stands still until the world catches up. The error wraps [ErrSnapshot].
func (w *World) Restore(s Snapshot) (*Token, error) {
	t := &Token{world: w}
	if err := t.load(s); err != nil {
		return nil, err
	}
	w.mu.Lock()
	if t.origin.World == w.seed { // NewToken must not make this token a second time
		w.made = max(w.made, t.origin.Index)
	}
	w.mu.Unlock()
	return t, nil
}

// Fork makes another token from a snapshot, of the same content but with a hardware id
// of its own. The error wraps [ErrSnapshot].
func (w *World) Fork(s Snapshot) (*Token, error) {
	t := &Token{world: w}
	if err := t.load(s); err != nil {
		return nil, err
	}
	t.origin = w.next()
	return t, nil
}

// Restore resets the token to a snapshot, of itself or of another token. On an error
// the token does not change.
func (t *Token) Restore(s Snapshot) error {
	fresh := &Token{world: t.world}
	if err := fresh.load(s); err != nil {
		return err
	}
	t.lock()
	defer t.unlock()
	t.passLocked(t.world.Now())
	before := t.flashOpsLocked()
	t.model, t.origin = fresh.model, fresh.origin
	t.core, t.crystal, t.battery, t.lcd = fresh.core, fresh.crystal, fresh.battery, fresh.lcd
	t.flash, t.rest = fresh.flash, fresh.rest
	t.at, t.wake, t.upAt = fresh.at, fresh.wake, fresh.upAt
	t.drops, t.powered, t.clicked = fresh.drops, fresh.powered, false
	t.aged, t.agedTo = fresh.aged, fresh.agedTo
	t.restarts++
	t.changes += uint32(before) + 1 // makes Changes return a new number
	t.emitLocked(EventRestored, 0)
	return nil
}

// copyOf returns a pointer to a copy of *p, or nil for nil.
func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

// load fills a new token from a snapshot.
func (t *Token) load(s Snapshot) error {
	if s.open == nil {
		return fmt.Errorf("%w: empty", ErrSnapshot)
	}
	d := s.open()
	model, err := ModelByName(d.Model)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	flash, err := NewFlashFrom(d.Flash)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	t.model, t.origin, t.flash = model, d.Origin, flash
	t.at, t.drops, t.powered = d.At, d.Drops, d.Powered
	t.aged, t.agedTo = d.Aged, d.AgedTo
	t.crystal, t.battery, t.lcd = d.Crystal, d.Battery, d.LCD
	if *t.battery.Spec == *model.Battery {
		t.battery.Spec = model.Battery // all tokens of the model share one
	}
	t.lcd.Faults = copyOf(d.LCD.Faults)
	t.lcd.Fade = copyOf(d.LCD.Fade)
	if !t.powered {
		// The firmware boots only to read the data of the back label. It must not
		// record the loss of the clock before there is a battery.
		t.crystal.Valid = true
		t.bootLocked()
		t.crystal, t.lcd.Driven, t.lcd.Fade, t.wake = d.Crystal, d.LCD.Driven, copyOf(d.LCD.Fade), Forever
		return nil
	}
	// The button is restored last: a firmware that boots takes a button that is down
	// for a new press.
	t.bootLocked()
	t.core.SetView(d.View)
	t.upAt = d.UpAt
	t.stepLocked()
	return nil
}
