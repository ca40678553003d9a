// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/validator/store"
)

const (
	// readyFor is how long an answer of Ready is valid. Load balancers and RADIUS
	// clients ask often, and each probe writes to the disk.
	readyFor = time.Second

	// readyWait is the maximum duration of a probe. Checks wait as long for a database
	// that another process writes to.
	readyWait = 10 * time.Second
)

// readiness is the last answer of Ready, and the probe in progress.
type readiness struct {
	mu    sync.Mutex
	look  chan struct{} // closed when the probe ends; nil if there is none
	until time.Time     // end of the answer's validity
	err   error
}

// Ready returns an error if codes cannot be checked: [ErrUnavailable] if the database
// does not read and write durably, [vault.ErrWrongKey] if its seeds are sealed with a
// key that the master key does not open, [ErrClock] if a [RemoteClock] is out of reach. An answer is valid for a second, and
// concurrent callers share one probe.
func (b *Bank) Ready(ctx context.Context) error {
	if err := clockReady(ctx, b.clock); err != nil {
		return err
	}
	r := &b.ready
	r.mu.Lock()
	if r.look == nil && time.Now().Before(r.until) {
		defer r.mu.Unlock()
		return r.err
	}
	look := r.look
	if look == nil {
		look = make(chan struct{})
		r.look = look
		// In its own goroutine: a hanging store must not block the caller.
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), readyWait)
			defer cancel()
			err := b.tryCheck(ctx)
			r.mu.Lock()
			defer r.mu.Unlock()
			r.err, r.until, r.look = err, time.Now().Add(readyFor), nil
			close(look)
		}()
	}
	r.mu.Unlock()
	select {
	case <-look:
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.err
	case <-ctx.Done():
		return fmt.Errorf("%w: the check has not finished: %w", ErrUnavailable, ctx.Err())
	}
}

// tryCheck performs the steps of a check: it reads a token, opens its seed, and writes
// to the disk. On an almost full disk, a check may need a few pages more than this
// write. Each probe then takes one of the remaining pages, until the probe fails too.
func (b *Bank) tryCheck(ctx context.Context) error {
	err := b.db.View(ctx, func(tx *store.Tx) error {
		ids, err := tx.DataKeyIDs(vault.PurposeSeed)
		if err != nil {
			return err
		}
		if n := len(ids); n > 0 && ids[n-1] > b.ring.NewestSeedKey() {
			if err := b.loadKeys(tx); err != nil {
				return err
			}
		}
		row, err := tx.LastSealed()
		if errors.Is(err, store.ErrNotFound) {
			return nil // a bank without tokens
		}
		if err != nil {
			return err
		}
		t, err := b.open(tx, row)
		t.Seed.Destroy()
		return err
	})
	if err != nil {
		return err
	}
	return b.db.Grouped(ctx, "", (*store.Tx).Probe)
}
