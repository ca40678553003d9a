// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// name returns the hardware id of the token.
func (k tokenSnapshot) name() string {
	id := k.snapshot.HardwareID()
	return hex.EncodeToString(id[:])
}

// Len returns the number of tokens in the snapshot.
func (s *Snapshot) Len() int { return len(s.tokens) }

// Has reports whether the token is in the snapshot.
func (s *Snapshot) Has(m Member) bool {
	return slices.ContainsFunc(s.tokens, func(k tokenSnapshot) bool {
		return k.tag == m.tag && k.snapshot.HardwareID() == m.Token.HardwareID()
	})
}

// Size returns the size of the snapshot's file in bytes. It is estimated from the first
// 100 tokens if there are more.
func (s *Snapshot) Size() int64 {
	const most = 100
	part := *s
	part.tokens = s.tokens[:min(len(s.tokens), most)]
	n, err := part.WriteTo(io.Discard)
	if err != nil || len(s.tokens) <= most {
		return n
	}
	return n * int64(len(s.tokens)) / most
}

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
// tokens have lived on since then. If a token is not in this fleet, or another one has
// its place, nothing changes and the error wraps [ErrNotFound] or [ErrSnapshot].
func (f *Fleet) Restore(s *Snapshot) ([]Member, error) {
	members := make([]Member, len(s.tokens))
	for i, k := range s.tokens {
		slot := f.slot(k.tag)
		if slot == nil || slot.token.Load() == nil {
			return nil, fmt.Errorf("%w: token %s of snapshot %q is not in this fleet: fork the snapshot instead", ErrNotFound, k.name(), s.Name)
		}
		members[i] = Member{slot.token.Load(), f, k.tag}
		if members[i].Token.HardwareID() != k.snapshot.HardwareID() {
			return nil, fmt.Errorf("%w: this fleet has token %s in the place of token %s of snapshot %q: fork the snapshot instead",
				ErrSnapshot, f.nameOf(k.tag), k.name(), s.Name)
		}
	}
	var errs []error
	for i, m := range members {
		if err := m.Token.Restore(s.tokens[i].snapshot); err != nil {
			errs = append(errs, fmt.Errorf("token %s of snapshot %q: %w", s.tokens[i].name(), s.Name, err))
		}
		m.touched()
		f.setTraits(m.tag, m.Token)
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
			return nil, fmt.Errorf("token %s of snapshot %q: %w", k.name(), s.Name, err)
		}
		tokens = append(tokens, t)
	}
	return f.addNew(newLot{tokens: tokens})
}

// snapshotFile is a snapshot in a file.
type snapshotFile struct {
	Version int               `json:"version"`
	World   uint64            `json:"world_seed"`
	At      virtual.WorldTime `json:"at"`
	Tokens  []tokenSnapshot   `json:"tokens"`
}

// tokenLine is a token in a file.
type tokenLine struct {
	Tag        uint32 `json:"tag"`
	HardwareID string `json:"hardware_id"` // for readers of the file, and for errors
	Data       []byte `json:"data"`
}

// UnmarshalJSON reads a tokenLine and decodes it at once. The file's contents are
// therefore never in memory in both forms.
func (t *tokenSnapshot) UnmarshalJSON(b []byte) error {
	var line tokenLine
	if err := json.Unmarshal(b, &line); err != nil {
		return err
	}
	if err := t.snapshot.UnmarshalBinary(line.Data); err != nil {
		return fmt.Errorf("token %s: %w", cmp.Or(line.HardwareID, "without a hardware id"), err)
	}
	t.tag = line.Tag
	return nil
}

// WriteTo writes the snapshot to a file, with the seeds in clear, a token a line.
func (s *Snapshot) WriteTo(w io.Writer) (int64, error) {
	counting := &countingWriter{w: w}
	out := bufio.NewWriterSize(counting, 64<<10)
	fmt.Fprintf(out, `{"version":%d,"world_seed":%d,"at":%d,"tokens":[`, snapshotVersion, s.world, s.At)
	for i, k := range s.tokens {
		data, err := k.snapshot.MarshalBinary()
		if err != nil {
			return counting.n, err
		}
		line, err := json.Marshal(tokenLine{k.tag, k.name(), data})
		if err != nil {
			return counting.n, err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		if _, err := out.Write(line); err != nil { // includes the errors of earlier writes
			return counting.n, err
		}
	}
	out.WriteString("\n]}\n")
	err := out.Flush()
	return counting.n, err
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// MarshalBinary returns the output of WriteTo.
func (s *Snapshot) MarshalBinary() ([]byte, error) {
	var b bytes.Buffer
	_, err := s.WriteTo(&b)
	return b.Bytes(), err
}

// LoadSnapshot keeps the snapshot of a file that WriteTo has made, under a name. The
// error wraps [ErrSnapshot] if it is of another version or another world.
func (f *Fleet) LoadSnapshot(name string, b []byte) (*Snapshot, error) {
	var file snapshotFile
	err := json.Unmarshal(b, &file)
	switch {
	case file.Version != 0 && file.Version != snapshotVersion:
		return nil, fmt.Errorf("%w: its version is %d, and this program reads version %d", ErrSnapshot, file.Version, snapshotVersion)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrSnapshot, err)
	case file.Version == 0:
		return nil, fmt.Errorf("%w: it has no version, so it is not a snapshot of a fleet", ErrSnapshot)
	case file.World != f.world.Seed():
		return nil, fmt.Errorf("%w: it is of a fleet with another world seed: start one with --world-seed %d", ErrSnapshot, file.World)
	}
	s := &Snapshot{Name: name, At: file.At, world: file.World, tokens: file.Tokens}
	f.keep(s)
	return s, nil
}
