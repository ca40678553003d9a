// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"errors"
	"fmt"

	"github.com/d204ef64/fob/internal/errclass"
)

// ErrSave is the error of a fleet whose state cannot be saved. The fleet ends: Serve
// returns the error, and so does every later attempt to save.
var ErrSave = errclass.New(errclass.Failed,
	"the fleet ends without the changes that are not saved: make space or repair the folder, and start it again")

// save writes to the store. If that fails, the fleet ends, because it holds changes that
// a crash would undo, and a host or client must not rely on them.
func (f *Fleet) save(write func() error) error {
	if f.store == nil {
		return nil
	}
	if err := f.Err(); errors.Is(err, ErrSave) {
		return err
	}
	err := write()
	if err != nil {
		err = fmt.Errorf("%w: %w", err, ErrSave)
		f.serve.fail(err)
	}
	return err
}

// Err returns the error with which the fleet ends or has ended, nil while there is none.
// Changes of tokens after it may not be saved.
func (f *Fleet) Err() error {
	f.serve.mu.Lock()
	defer f.serve.mu.Unlock()
	return f.serve.failure
}

// saveStart writes the fleet to the store at the start of a run. If the tokens came
// from the store, it writes only the world, whose clock may have changed.
func (f *Fleet) saveStart(stored bool) error {
	if stored {
		return f.SaveWorld()
	}
	return f.save(func() error {
		if err := f.store.begin(); err != nil {
			return err
		}
		if err := f.saveAll(); err != nil {
			return err
		}
		return f.store.finish()
	})
}

// saveMember writes the token to the store if it has changed.
func (f *Fleet) saveMember(m Member) error {
	return f.save(func() error { return f.writeMember(m, false) })
}

// writeMember writes the file of the token if it has changed, or always, unless the token
// was removed.
func (f *Fleet) writeMember(m Member, always bool) error {
	f.mu.RLock()
	x := f.slot(m.tag).extra
	f.mu.RUnlock()
	if x == nil { // the token was removed
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	changes, fresh := m.Token.Changes(), f.fresh.of(m.Token)
	if x.removed || !always && changes == x.saved && fresh == x.fresh {
		return nil
	}
	if err := f.store.saveToken(m.place(), m.Token, fresh); err != nil {
		return err
	}
	x.saved, x.fresh = changes, fresh
	return nil
}

// place is the number of the token in the store, 0 for the first.
func (m Member) place() int { return int(m.tag) - 1 }

// Save writes everything to the store, including the world's clock.
func (f *Fleet) Save() error { return f.save(f.saveAll) }

func (f *Fleet) saveAll() error {
	for m := range f.All(0) {
		if err := f.writeMember(m, true); err != nil {
			return err
		}
	}
	return f.saveWorld()
}

// SaveWorld writes the world's clock, and which tokens there are, to the store. A caller
// that moves the clock of a stored fleet calls it before it reports the new time.
// Otherwise a crash takes the time back, and tokens show codes a second time.
func (f *Fleet) SaveWorld() error { return f.save(f.saveWorld) }

func (f *Fleet) saveWorld() error {
	f.saving.Lock() // an older list of tokens must not replace a newer one
	defer f.saving.Unlock()
	held, lots := f.places()
	return f.store.saveWorld(f.world, held, lots)
}

// saveNew writes a lot to the store that is about to be added: first the files of its
// tokens, then the world that lists them. A crash leaves the whole lot, or only files
// that the next start removes.
func (f *Fleet) saveNew(l *newLot) error {
	f.mu.RLock()
	first, err := int(f.last), f.checkRoomLocked(len(l.tokens))
	f.mu.RUnlock()
	if err != nil || len(l.tokens) == 0 {
		return err
	}
	return f.save(func() error {
		for i, t := range l.tokens {
			x := &extra{saved: t.Changes(), fresh: f.fresh.of(t)}
			if err := f.store.saveToken(first+i, t, x.fresh); err != nil {
				return err
			}
			l.extras = append(l.extras, x)
		}
		f.mu.Lock()
		f.pending = l
		f.mu.Unlock()
		return f.saveWorld()
	})
}

// saveRemoved removes the file of a token that was removed. The world goes first: it must
// not list a token without a file. Its forks keep the step of the newest fresh code.
func (f *Fleet) saveRemoved(m Member, x *extra) error {
	return f.save(func() error {
		serial, _ := m.Token.BackLabel()
		for _, fork := range f.withSerial(serial) {
			if err := f.writeMember(fork, false); err != nil {
				return err
			}
		}
		if err := f.saveWorld(); err != nil {
			return err
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		x.removed = true
		return f.store.removeToken(m.place())
	})
}
