// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/gofrs/flock"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/virtual"
)

var (
	// ErrStateLocked is the error of a state folder that another process uses.
	ErrStateLocked = errclass.New(errclass.Failed, "the state folder is in use by another process")

	// ErrStateDamaged is the error of a state folder whose files are missing, changed
	// or truncated.
	ErrStateDamaged = errclass.New(errclass.Failed, "the state folder is damaged")

	// ErrStateKey is the error of a key that does not decrypt the state folder.
	ErrStateKey = errclass.New(errclass.Failed, "the key does not open the state folder")
)

// Store keeps a fleet in a folder. The world and each token have their own files, which
// are encrypted because they contain seeds. Files are replaced as a whole: after a
// crash either the old or the new file is there.
type Store struct {
	dir  string
	key  *age.X25519Identity
	lock *flock.Flock
	made bool // the folder was created by OpenStore

	// The values that Resume has chosen.
	stationKey [32]byte
	noRig      bool

	keyed keyedState // of the fleet, set by load
}

const (
	lockFile  = "lock"
	worldFile = "world.age"
	newFile   = "new" // exists while a fleet is written for the first time
)

func tokenFile(i int) string { return fmt.Sprintf("token-%04d.age", i) }

// OpenStore opens the folder, creates it if necessary, and locks it until Close. The
// error wraps [ErrStateLocked] if another process holds the lock. A folder that holds
// other files but no fleet is an error.
func OpenStore(dir string, key *age.X25519Identity) (*Store, error) {
	if err := checkFolder(dir); err != nil {
		return nil, errclass.With(errclass.Usage, fmt.Errorf("opening the state folder: %w", err))
	}
	_, err := os.Stat(dir)
	made := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, errclass.With(errclass.Usage, fmt.Errorf("opening the state folder: %w", err))
	}
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the state folder: %w", err)
	}
	if !got {
		return nil, fmt.Errorf("%w: %s", ErrStateLocked, dir)
	}
	s := &Store{dir: dir, key: key, lock: lock, made: made}
	if !s.has(lockFile) { // the previous owner has just removed it, see Close
		return nil, errors.Join(fmt.Errorf("%w: %s", ErrStateLocked, dir), lock.Unlock())
	}
	if err := s.tidy(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the state folder: %w", err), lock.Unlock())
	}
	return s, nil
}

// Stored reports whether a folder holds a fleet, or a part of one.
func Stored(dir string) (bool, error) {
	world, tokens, unfinished, _, err := survey(dir)
	return world || tokens && !unfinished, err
}

// checkFolder returns an error if the folder holds other files and no fleet.
func checkFolder(dir string) error {
	world, _, _, foreign, err := survey(dir)
	if err == nil && !world && foreign != "" {
		err = fmt.Errorf("%s contains other files (%s): name a new or empty folder, or one of an earlier fob run", dir, foreign)
	}
	return err
}

// survey returns whether a folder holds a world and tokens, whether the fleet was not
// completely written at its first start, and the name of another file, unless it is
// hidden.
func survey(dir string) (world, tokens, unfinished bool, foreign string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, false, false, "", nil
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case name == worldFile:
			world = true
		case isTokenFile(name) && e.Type().IsRegular():
			tokens = true
		case name == newFile:
			unfinished = true
		case name == lockFile, isTokenFile(name), strings.HasPrefix(name, "."):
		default:
			foreign = name
		}
	}
	return world, tokens, unfinished && !world, foreign, err
}

func isTokenFile(name string) bool {
	matched, _ := filepath.Match("token-*.age", name)
	return matched
}

// tidy removes files that a killed process has left behind.
func (s *Store) tidy() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	// The world is written last. Tokens without a world have never been served.
	unfinished := s.has(newFile) && !s.has(worldFile)
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, atomicfile.Prefix) || unfinished && isTokenFile(name) {
			if err := s.remove(name); err != nil {
				return err
			}
		}
	}
	if s.has(newFile) {
		return s.finish()
	}
	return nil
}

func (s *Store) has(name string) bool {
	_, err := os.Lstat(filepath.Join(s.dir, name))
	return err == nil
}

// begin and finish mark the time in which a fleet is written for the first time.
func (s *Store) begin() error {
	path := filepath.Join(s.dir, newFile)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return fmt.Errorf("saving %s: %w", path, atomicfile.Cause(err))
	}
	return nil
}

func (s *Store) finish() error { return s.remove(newFile) }

// remove removes a file, if there is one.
func (s *Store) remove(name string) error {
	path := filepath.Join(s.dir, name)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing %s: %w", path, atomicfile.Cause(err))
	}
	return nil
}

// Close unlocks the folder for other processes. If no fleet was written to it, Close
// leaves it as it was before OpenStore.
func (s *Store) Close() error {
	entries, err := os.ReadDir(s.dir)
	if err == nil && len(entries) == 1 && entries[0].Name() == lockFile {
		err = os.Remove(filepath.Join(s.dir, lockFile))
		if err == nil && s.made {
			err = os.Remove(s.dir)
		}
	}
	return errors.Join(err, s.lock.Unlock())
}

// worldState is the content of the world file.
type worldState struct {
	Version int               `json:"version"`
	Seed    uint64            `json:"seed"`
	Mode    virtual.ClockMode `json:"mode"`
	Rate    float64           `json:"rate"`
	Now     virtual.WorldTime `json:"now"`
	Machine virtual.WorldTime `json:"machine"` // the machine's clock at Now
	Paused  bool              `json:"paused,omitempty"`
	Tokens  int               `json:"tokens"`            // places, the removed ones included
	Removed []int             `json:"removed,omitempty"` // places without a token
	Lots    []addedLot        `json:"lots,omitempty"`
	Keyed   keyedState        `json:"keyed,omitzero"`

	StationKey []byte `json:"station_key"`
	NoRig      bool   `json:"no_rig"`
}

const stateVersion = 1

// Given marks the settings that the caller has given explicitly. They replace the
// values in the folder.
type Given struct {
	Clock      bool // Config.Mode and Rate
	StationKey bool
	NoRig      bool
}

// Resume completes the configuration of the world with the values in the folder: its
// seed, all settings that are not given, and the time at which it continues. It reports
// whether the folder holds a fleet. A clock that follows the machine's clock has
// advanced in the meantime; any other clock, or a paused one, has stood still. It is an
// error if c has a time before the folder's. Call Resume before New, with the
// configuration of New's world.
func (s *Store) Resume(c *virtual.Config, given Given, now time.Time) (found bool, err error) {
	defer func() { s.stationKey, s.noRig = c.StationKey, c.NoRig }() // the world does not export them
	var w worldState
	err = s.read(worldFile, &w)
	if errors.Is(err, fs.ErrNotExist) {
		stored, err := Stored(s.dir)
		if stored {
			err = fmt.Errorf("%w: %s has tokens but no %s", ErrStateDamaged, s.dir, worldFile)
		}
		return false, err
	}
	if err != nil {
		return false, err
	}
	if w.Version != stateVersion {
		return false, fmt.Errorf("%w: %s has version %d, want %d", ErrStateDamaged, worldFile, w.Version, stateVersion)
	}
	if c.Seed != 0 && c.Seed != w.Seed {
		return false, errclass.New(errclass.Usage, "the world seed differs from the state folder's: leave it out")
	}
	c.Seed = w.Seed
	if !given.Clock {
		c.Mode, c.Rate, c.Paused = w.Mode, w.Rate, w.Paused
	}
	if !given.StationKey {
		if len(w.StationKey) != len(c.StationKey) {
			return false, fmt.Errorf("%w: %s has no station key", ErrStateDamaged, worldFile)
		}
		copy(c.StationKey[:], w.StationKey)
	}
	if !given.NoRig {
		c.NoRig = w.NoRig
	}
	at := w.Now
	if c.Mode == virtual.Real && w.Mode == virtual.Real && !w.Paused {
		at = min(at.Add(max(0, now.Sub(w.Machine.Time()))), virtual.WorldEnd)
	}
	switch {
	case c.At.IsZero():
		c.At = at.Time()
	case virtual.WorldTimeOf(c.At) < w.Now:
		return false, fmt.Errorf("%w: start at %s is before the state folder's time, %s",
			virtual.ErrClock, c.At.UTC().Format(time.RFC3339), w.Now.Time().Format(time.RFC3339))
	}
	return true, nil
}

// load returns the tokens in the folder, and whether it holds a fleet. The place of a
// token that was removed is nil. The steps of fresh codes are recorded in fresh. The
// fleet must have the same fleet key and first number as before.
func (s *Store) load(w *virtual.World, fresh *freshSteps, keyed Keyed) (lots []newLot, found bool, err error) {
	var tokens []*virtual.Token
	var state worldState
	err = s.read(worldFile, &state)
	s.keyed = keyed.state()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err == nil {
		err = state.Keyed.check(s.keyed)
	}
	if err != nil {
		return nil, false, err
	}
	if state.Seed == 0 || state.Tokens < len(state.Removed) || state.Tokens > MaxCount {
		return nil, false, fmt.Errorf("%w: %s: invalid number of tokens: %d", ErrStateDamaged, worldFile, state.Tokens)
	}
	known := map[[8]byte]bool{}
	for i := range state.Tokens {
		if slices.Contains(state.Removed, i) {
			tokens = append(tokens, nil)
			continue
		}
		t, err := s.loadToken(i, w, fresh)
		if err != nil {
			return nil, false, err
		}
		if known[t.HardwareID()] {
			return nil, false, fmt.Errorf("%w: %s is a copy of another token", ErrStateDamaged, tokenFile(i))
		}
		known[t.HardwareID()] = true
		// After a crash the token may be newer than the world.
		w.AdvanceTo(t.Display().World)
		tokens = append(tokens, t)
	}
	if lots, err = state.lots(tokens); err == nil {
		err = s.removeUnlisted(state)
	}
	return lots, true, err
}

// lots returns the tokens by lot. All are one lot in a folder of an earlier version.
func (w worldState) lots(tokens []*virtual.Token) (lots []newLot, err error) {
	if w.Lots == nil {
		return []newLot{{tokens: tokens}}, nil
	}
	first := 0
	for i, l := range w.Lots {
		last := int(l.Last)
		if last < first || last > len(tokens) || i == len(w.Lots)-1 && last != len(tokens) {
			return nil, fmt.Errorf("%w: %s: lot %d ends at token %d of %d", ErrStateDamaged, worldFile, i+1, last, len(tokens))
		}
		lots = append(lots, newLot{name: l.Name, tokens: tokens[first:last]})
		first = last
	}
	return lots, nil
}

func (s *Store) saveWorld(w *virtual.World, held []bool, lots []addedLot) error {
	var removed []int
	for i, h := range held {
		if !h {
			removed = append(removed, i)
		}
	}
	clock := w.Clock()
	plain, err := json.Marshal(worldState{
		Version: stateVersion, Seed: w.Seed(), Mode: clock.Mode, Rate: clock.Rate, Paused: clock.Paused, Now: clock.Now,
		Machine: virtual.WorldTimeOf(time.Now()), Tokens: len(held), Removed: removed, Lots: lots, Keyed: s.keyed,
		StationKey: s.stationKey[:], NoRig: s.noRig,
	})
	if err != nil {
		return err
	}
	return s.encrypt(worldFile, plain)
}

func (s *Store) read(name string, v any) error {
	plain, err := s.decrypt(name)
	if err != nil {
		return err
	}
	defer clear(plain)
	if err := json.Unmarshal(plain, v); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrStateDamaged, name, err)
	}
	return nil
}

// decrypt reads a file. If it is missing, the error is fs.ErrNotExist.
func (s *Store) decrypt(name string) ([]byte, error) {
	path := filepath.Join(s.dir, name)
	sealed, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), s.key)
	var other *age.NoIdentityMatchError
	if errors.As(err, &other) {
		return nil, fmt.Errorf("%w: %s", ErrStateKey, path)
	}
	if err == nil {
		var plain []byte
		if plain, err = io.ReadAll(r); err == nil {
			return plain, nil
		}
	}
	return nil, fmt.Errorf("%w: %s: %w", ErrStateDamaged, path, err)
}

// encrypt replaces a file as a whole.
func (s *Store) encrypt(name string, plain []byte) error {
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, s.key.Recipient())
	if err == nil {
		if _, err = w.Write(plain); err == nil {
			err = w.Close()
		}
	}
	if err == nil {
		err = atomicfile.Overwrite(filepath.Join(s.dir, name), sealed.Bytes())
	}
	if err != nil {
		return fmt.Errorf("saving %s: %w", filepath.Join(s.dir, name), err)
	}
	return nil
}
