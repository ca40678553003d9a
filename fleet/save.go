// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"

	"github.com/d204ef64/fob/virtual"
)

// saveStart writes the fleet to the store at the start of a run. If the tokens came
// from the store, it writes only the world, whose clock may have changed.
func (f *Fleet) saveStart(stored bool) error {
	if f.store == nil {
		return nil
	}
	if stored {
		return f.SaveWorld()
	}
	if err := f.store.begin(); err != nil {
		return err
	}
	if err := f.Save(); err != nil {
		return err
	}
	return f.store.finish()
}

// saveMember writes the token to the store if it has changed.
func (f *Fleet) saveMember(m Member) error {
	if f.store == nil {
		return nil
	}
	f.mu.RLock()
	x := f.slot(m.tag).extra
	f.mu.RUnlock()
	if x == nil { // the token was removed
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	changes := m.Token.Changes()
	if changes == x.saved {
		return nil
	}
	if err := f.store.saveToken(m.place(), m.Token); err != nil {
		return fmt.Errorf("%w: %w", errSave, err)
	}
	x.saved = changes
	return nil
}

// place is the number of the token in the store, 0 for the first.
func (m Member) place() int { return int(m.tag) - 1 }

// Save writes everything to the store, including the world's clock.
func (f *Fleet) Save() error {
	if f.store == nil {
		return nil
	}
	for m := range f.All(0) {
		if err := f.store.saveToken(m.place(), m.Token); err != nil {
			return err
		}
	}
	return f.SaveWorld()
}

// SaveWorld writes the world's clock, and which tokens there are, to the store. A caller
// that moves the clock of a stored fleet calls it before it reports the new time.
// Otherwise a crash takes the time back, and tokens show codes a second time.
func (f *Fleet) SaveWorld() error {
	if f.store == nil {
		return nil
	}
	f.saving.Lock() // an older list of tokens must not replace a newer one
	defer f.saving.Unlock()
	return f.store.saveWorld(f.world, f.places())
}

// saveNew writes tokens that were added to a running fleet to the store: their files
// first, because the world lists them.
func (f *Fleet) saveNew(tokens ...*virtual.Token) error {
	if f.store == nil {
		return nil
	}
	for _, t := range tokens {
		if err := f.store.saveToken(int(t.Tag())-1, t); err != nil {
			return err
		}
	}
	return f.SaveWorld()
}
