// SPDX-License-Identifier: Apache-2.0

package fleet

import "fmt"

// saveStart writes the fleet to the store at the start of a run. If the tokens came
// from the store, it writes only the world, whose clock may have changed.
func (f *Fleet) saveStart(stored bool) error {
	if f.store == nil {
		return nil
	}
	if stored {
		return f.store.saveWorld(f.world, f.places())
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
	return f.store.saveWorld(f.world, f.places())
}
