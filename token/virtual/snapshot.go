// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/d204ef64/fob/firmware"
)

// ErrSnapshot is the error of restoring what is no snapshot of a token.
var ErrSnapshot = errors.New("not a snapshot of a token")

const snapshotVersion = 1

// Snapshot is everything that a token is, at one instant. It holds the seed:
// keep it as secret as the token. It prints as "[token snapshot]".
type Snapshot struct{ data *snapshot }

// snapshot is the content, as JSON.
type snapshot struct {
	Version int           `json:"version"`
	Model   string        `json:"model"`
	Origin  origin        `json:"origin"`
	At      WorldTime     `json:"at"`
	UpAt    WorldTime     `json:"up_at,omitempty"`
	Drops   uint32        `json:"drops,omitempty"`
	Powered bool          `json:"powered"`
	Crystal Crystal       `json:"crystal"`
	Cell    Cell          `json:"cell"`
	Glass   Glass         `json:"glass"`
	Flash   FlashState    `json:"flash"`
	View    firmware.View `json:"view"`
}

// String hides the content.
func (Snapshot) String() string { return "[token snapshot]" }

// GoString hides the content.
func (s Snapshot) GoString() string { return s.String() }

// MarshalBinary returns the snapshot in a form for storage, the seed in clear.
func (s Snapshot) MarshalBinary() ([]byte, error) {
	if s.data == nil {
		return nil, ErrSnapshot
	}
	return json.Marshal(s.data)
}

// UnmarshalBinary reads what MarshalBinary wrote. The error wraps [ErrSnapshot]
// and s keeps its value.
func (s *Snapshot) UnmarshalBinary(b []byte) error {
	var d snapshot
	if err := json.Unmarshal(b, &d); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	if d.Version != snapshotVersion {
		return fmt.Errorf("%w: version %d, want %d", ErrSnapshot, d.Version, snapshotVersion)
	}
	s.data = &d
	return nil
}

// Snapshot takes a snapshot. Connections are no part of it.
func (t *Token) Snapshot() Snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.catchUpLocked()
	d := &snapshot{
		Version: snapshotVersion,
		Model:   t.model.Name,
		Origin:  t.origin,
		At:      t.at,
		UpAt:    t.upAt,
		Drops:   t.drops,
		Powered: t.powered,
		Crystal: t.crystal,
		Cell:    t.cell,
		Glass:   t.glass,
		Flash:   t.flash.State(),
		View:    t.core.View(),
	}
	if f := t.glass.Faults; f != nil {
		faults := *f
		d.Glass.Faults = &faults
	}
	return Snapshot{d}
}

// Restore makes a token from a snapshot. It has lived on since the snapshot's
// time: its clock ran and its cell drained. The error wraps [ErrSnapshot] or
// is that of [ModelByName].
func (w *World) Restore(s Snapshot) (*Token, error) {
	t := &Token{world: w}
	if err := t.load(s); err != nil {
		return nil, err
	}
	w.mu.Lock()
	if t.origin.World == w.seed { // do not make this token a second time
		w.made = max(w.made, t.origin.Index)
	}
	w.mu.Unlock()
	return t, nil
}

// Restore puts the token back to a snapshot, of itself or of another token. On
// an error it stays as it is.
func (t *Token) Restore(s Snapshot) error {
	fresh := &Token{world: t.world}
	if err := fresh.load(s); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.model, t.origin = fresh.model, fresh.origin
	t.core, t.crystal, t.cell, t.glass, t.flash = fresh.core, fresh.crystal, fresh.cell, fresh.glass, fresh.flash
	t.at, t.wake, t.upAt = fresh.at, fresh.wake, fresh.upAt
	t.drops, t.powered, t.clicked = fresh.drops, fresh.powered, false
	return nil
}

// load fills a new token from a snapshot.
func (t *Token) load(s Snapshot) error {
	d := s.data
	if d == nil {
		return ErrSnapshot
	}
	model, err := ModelByName(d.Model)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	flash, err := NewFlashFrom(d.Flash)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	t.model, t.origin, t.flash = model, d.Origin, flash
	t.at, t.upAt, t.drops, t.powered = d.At, d.UpAt, d.Drops, d.Powered
	t.crystal, t.cell, t.glass = d.Crystal, d.Cell, d.Glass
	if f := d.Glass.Faults; f != nil {
		faults := *f
		t.glass.Faults = &faults
	}
	t.bootLocked()
	if t.powered {
		t.core.SetView(d.View)
		t.stepLocked()
	} else {
		t.powerOffLocked()
	}
	return nil
}
