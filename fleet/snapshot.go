// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/virtual"
)

// ErrSnapshot is the error of a snapshot that does not belong to the fleet.
var ErrSnapshot = errclass.New(errclass.Usage, "invalid snapshot")

const snapshotVersion = 1

// Snapshot is the state of some tokens of a fleet at one instant. It contains seeds;
// see [virtual.Snapshot].
type Snapshot struct {
	Name   string
	At     virtual.WorldTime
	world  uint64 // the world's seed
	tokens []tokenSnapshot
}

type tokenSnapshot struct {
	tag      uint32
	snapshot virtual.Snapshot
}

// Len returns the number of tokens in the snapshot.
func (s *Snapshot) Len() int { return len(s.tokens) }

// TakeSnapshot keeps the state of the tokens, or of all if there are none, under a name.
// An older snapshot of that name is replaced.
func (f *Fleet) TakeSnapshot(name string, members ...Member) *Snapshot {
	if len(members) == 0 {
		members = slices.Collect(f.All(0))
	}
	s := &Snapshot{Name: name, At: f.world.Now(), world: f.world.Seed()}
	for _, m := range members {
		s.tokens = append(s.tokens, tokenSnapshot{m.tag, m.Token.Snapshot()})
	}
	f.keep(s)
	return s
}

func (f *Fleet) keep(s *Snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.snapshots[s.Name] = s
}

// Snapshot returns the snapshot with the name. The error wraps [ErrNotFound].
func (f *Fleet) Snapshot(name string) (*Snapshot, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if s := f.snapshots[name]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("%w: there is no snapshot %q", ErrNotFound, name)
}

// Snapshots returns all snapshots, by name.
func (f *Fleet) Snapshots() []*Snapshot {
	f.mu.RLock()
	defer f.mu.RUnlock()
	var all []*Snapshot
	for _, name := range slices.Sorted(maps.Keys(f.snapshots)) {
		all = append(all, f.snapshots[name])
	}
	return all
}

// DropSnapshot forgets a snapshot.
func (f *Fleet) DropSnapshot(s *Snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.snapshots, s.Name)
}

// Restore resets the tokens of a snapshot to it. The world's clock does not go back: the
// tokens have lived on since then. If a token was removed, nothing changes and the error
// wraps [ErrNotFound].
func (f *Fleet) Restore(s *Snapshot) ([]Member, error) {
	members := make([]Member, len(s.tokens))
	for i, k := range s.tokens {
		slot := f.slot(k.tag)
		if slot == nil || slot.token.Load() == nil {
			return nil, fmt.Errorf("%w: token %d of snapshot %q was removed", ErrNotFound, k.tag, s.Name)
		}
		members[i] = Member{slot.token.Load(), f, k.tag}
	}
	var errs []error
	for i, m := range members {
		errs = append(errs, m.Token.Restore(s.tokens[i].snapshot))
		m.touched()
		f.sched.rename(m.tag)
		errs = append(errs, f.saveMember(m))
	}
	return members, errors.Join(errs...)
}

// Fork adds a new token for each in the snapshot, with the same content but a hardware
// id of its own: serial numbers then exist twice.
func (f *Fleet) Fork(s *Snapshot) ([]Member, error) {
	var tokens []*virtual.Token
	for _, k := range s.tokens {
		t, err := f.world.Fork(k.snapshot)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
	}
	if err := f.addAll(tokens); err != nil {
		return nil, err
	}
	var members []Member
	for _, t := range tokens {
		members = append(members, Member{t, f, t.Tag()})
	}
	return members, nil
}

type snapshotFile struct {
	Version int               `json:"version"`
	World   uint64            `json:"world_seed"`
	At      virtual.WorldTime `json:"at"`
	Tokens  []snapshotToken   `json:"tokens"`
}

type snapshotToken struct {
	Tag  uint32 `json:"tag"`
	Data []byte `json:"data"`
}

// MarshalBinary returns the snapshot for a file, with the seeds in clear.
func (s *Snapshot) MarshalBinary() ([]byte, error) {
	file := snapshotFile{Version: snapshotVersion, World: s.world, At: s.At}
	for _, k := range s.tokens {
		data, err := k.snapshot.MarshalBinary()
		if err != nil {
			return nil, err
		}
		file.Tokens = append(file.Tokens, snapshotToken{k.tag, data})
	}
	return json.Marshal(file)
}

// LoadSnapshot keeps the snapshot in a file that MarshalBinary has made, under a name.
// The error wraps [ErrSnapshot] if it is of another version or another world.
func (f *Fleet) LoadSnapshot(name string, b []byte) (*Snapshot, error) {
	var file snapshotFile
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	if file.Version != snapshotVersion {
		return nil, fmt.Errorf("%w: version %d, want %d", ErrSnapshot, file.Version, snapshotVersion)
	}
	if file.World != f.world.Seed() {
		return nil, fmt.Errorf("%w: it is of a fleet with another world seed", ErrSnapshot)
	}
	s := &Snapshot{Name: name, At: file.At, world: file.World}
	for _, k := range file.Tokens {
		var t virtual.Snapshot
		if err := t.UnmarshalBinary(k.Data); err != nil {
			return nil, fmt.Errorf("%w: token %d: %w", ErrSnapshot, k.Tag, err)
		}
		s.tokens = append(s.tokens, tokenSnapshot{k.Tag, t})
	}
	f.keep(s)
	return s, nil
}
