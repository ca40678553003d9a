// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/d204ef64/fob/virtual"
)

// tokenState is the content of a token's file. The file of an earlier version is the
// snapshot alone.
type tokenState struct {
	FreshStep *int64          `json:"fresh_step,omitempty"` // the newest step whose code was returned as fresh
	Token     json.RawMessage `json:"token"`                // a virtual.Snapshot
}

// saveToken writes the file of a token.
func (s *Store) saveToken(i int, t *virtual.Token, fresh freshStep) error {
	snapshot, err := t.Snapshot().MarshalBinary()
	if err != nil {
		return err
	}
	defer clear(snapshot)
	state := tokenState{Token: snapshot}
	if fresh.set {
		state.FreshStep = &fresh.step
	}
	plain, err := json.Marshal(state)
	if err != nil {
		return err
	}
	defer clear(plain)
	return s.encrypt(tokenFile(i), plain)
}

// loadToken reads the file of a token, and records its step in fresh.
func (s *Store) loadToken(i int, w *virtual.World, fresh *freshSteps) (*virtual.Token, error) {
	plain, err := s.decrypt(tokenFile(i))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing", ErrStateDamaged, filepath.Join(s.dir, tokenFile(i)))
	}
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	var state tokenState
	if err := json.Unmarshal(plain, &state); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrStateDamaged, tokenFile(i), err)
	}
	defer clear(state.Token)
	if state.Token == nil {
		state.Token = slices.Clone(plain)
	}
	var snapshot virtual.Snapshot
	if err := snapshot.UnmarshalBinary(state.Token); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrStateDamaged, tokenFile(i), err)
	}
	t, err := w.Restore(snapshot)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrStateDamaged, tokenFile(i), err)
	}
	if state.FreshStep != nil {
		fresh.claim(t, *state.FreshStep)
	}
	return t, nil
}

// removeToken removes the file of a token, if there is one.
func (s *Store) removeToken(i int) error { return s.remove(tokenFile(i)) }

// removeUnlisted removes the files of tokens that the world does not list. A killed
// process leaves them: it wrote the files of new tokens first, or had not removed the
// file of a removed token yet. A file that the key does not open is not the fleet's, and
// stays.
func (s *Store) removeUnlisted(world worldState) error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		var i int
		if _, err := fmt.Sscanf(e.Name(), "token-%d.age", &i); err != nil || e.Name() != tokenFile(i) || !e.Type().IsRegular() {
			continue
		}
		if i < world.Tokens && !slices.Contains(world.Removed, i) {
			continue
		}
		plain, err := s.decrypt(e.Name())
		clear(plain)
		if err != nil {
			continue
		}
		if err := s.removeToken(i); err != nil {
			return err
		}
	}
	return nil
}
