// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/d204ef64/fob/internal/chain"
	"github.com/d204ef64/fob/internal/sqldb"
)

const (
	// copyPause is the shortest time between two copies: records of several units are
	// copied together.
	copyPause = 200 * time.Millisecond

	// newsPause is the longest time between two questions for news from the ledger.
	newsPause = 2 * time.Second

	// copyMost is the greatest number of records in one copy.
	copyMost = 500

	// lastSync is the time for the last copy of a station that stops.
	lastSync = 10 * time.Second
)

// Notice is news about the shared ledger.
type Notice struct {
	Time     time.Time
	Away     error     // the ledger cannot be reached: its error; nil: it can
	Waiting  int64     // records that are not copied yet
	Conflict *Conflict // that was found now; nil: none
	Halt     error     // why the station must stop; nil: it need not
}

// share is a journal's side of a shared ledger.
type share struct {
	journal *Journal
	ledger  *SharedLedger
	notify  func(Notice)
	wake    chan struct{} // has a value after records were added
	stop    context.CancelFunc
	stopped chan struct{}

	halt atomic.Pointer[error] // why the station must stop

	suspects sync.Map // unit number → error: units that must be given up

	mu         sync.Mutex // is held while the ledger is used; guards the fields below
	registered bool
	seq        int64 // end of the copy
	code       []byte
	away       bool
	batches    map[string]*Batch // orders for which numbers are kept in reserve
	quiet      time.Time         // before then, no numbers in reserve are asked for
}

// beginSharing starts to copy records in the background.
func (j *Journal) beginSharing(ctx context.Context, c Config) error {
	s := &share{journal: j, ledger: c.Ledger, notify: c.Notify, wake: make(chan struct{}, 1), stopped: make(chan struct{}), batches: map[string]*Batch{}}
	if s.notify == nil {
		s.notify = func(Notice) {}
	}
	j.share = s
	if err := s.known(ctx); err != nil {
		return err
	}
	run, stop := context.WithCancel(context.Background())
	s.stop = stop
	go s.run(run)
	return nil
}

// endSharing copies the last records, if the ledger is there, and ends the background work.
func (j *Journal) endSharing() {
	s := j.share
	if s == nil || s.stop == nil {
		return
	}
	s.stop()
	<-s.stopped
	s.mu.Lock()
	away := s.away
	s.mu.Unlock()
	if !away {
		ctx, cancel := context.WithTimeout(context.Background(), lastSync)
		defer cancel()
		_ = j.Sync(ctx) // the next run copies the rest
	}
	s.stop = nil
}

func (s *share) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run copies records until ctx ends.
func (s *share) run(ctx context.Context) {
	defer close(s.stopped)
	for {
		err := s.journal.Sync(ctx)
		if ctx.Err() != nil || s.halt.Load() != nil {
			return
		}
		if err == nil {
			err = s.reserve(ctx)
		}
		pause := time.NewTimer(copyPause)
		news := time.NewTimer(newsPause)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		select {
		case <-ctx.Done():
			return
		case <-news.C:
		case <-s.wakeIf(err == nil):
		}
	}
}

// wakeIf returns the channel of new records, or nil while the ledger is away.
func (s *share) wakeIf(there bool) <-chan struct{} {
	if there {
		return s.wake
	}
	return nil
}

// Sync copies all records to the shared ledger, gives back the numbers that this station
// gave up, and gets the news. It is called in the background as well. The error wraps
// [ErrLedger] if the ledger is away, and [ErrConflict] if the station must stop.
func (j *Journal) Sync(ctx context.Context) error {
	s := j.share
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := j.halted(); err != nil {
		return err
	}
	err := s.copyAll(ctx)
	if err == nil {
		err = s.news(ctx)
	}
	if err == nil {
		err = s.copyAll(ctx) // the records of the news
	}
	return s.ended(ctx, err)
}

// ended reports how the ledger was used: whether it is away, and whether the station must
// stop. The caller holds the mutex.
func (s *share) ended(ctx context.Context, err error) error {
	switch {
	case err == nil:
		if s.away {
			s.away = false
			s.notify(Notice{Time: s.journal.now()})
		}
	case errors.Is(err, ErrConflict), errors.Is(err, ErrStation):
		s.stopStation(err)
	case errors.Is(err, ErrLedger) && ctx.Err() == nil:
		s.registered = false
		if !s.away {
			s.away = true
			s.notify(Notice{Time: s.journal.now(), Away: err, Waiting: s.waiting(ctx)})
		}
	default:
		s.registered = false
	}
	return err
}

// stopStation makes every later change of the journal fail.
func (s *share) stopStation(err error) {
	if s.halt.CompareAndSwap(nil, &err) {
		s.notify(Notice{Time: s.journal.now(), Halt: err})
	}
}

// halted returns the error of a station that must stop.
func (j *Journal) halted() error {
	if j.share == nil {
		return nil
	}
	if err := j.share.halt.Load(); err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, *err)
	}
	return nil
}

// waiting returns the number of records that are not copied yet.
func (s *share) waiting(ctx context.Context) (n int64) {
	_ = s.journal.read(ctx, func(tx *sqldb.Tx) error {
		var head int64
		err := tx.Row("SELECT seq FROM record_chain", nil, &head)
		n = head - s.seq
		return err
	})
	return n
}

// copyAll copies all records. The caller holds the mutex.
func (s *share) copyAll(ctx context.Context) (err error) {
	j := s.journal
	if !s.registered {
		if s.seq, s.code, err = s.ledger.register(ctx, j.station, j.public); err != nil {
			return err
		}
		if err := s.continues(ctx); err != nil {
			return err
		}
		s.registered = true
	}
	for {
		list, err := s.next(ctx)
		if err != nil || len(list) == 0 {
			return err
		}
		last := &list[len(list)-1]
		head := chain.Head{ID: 1, Seq: last.Seq, Code: last.code}
		records.Seal(j.keys, &head)
		if err := s.ledger.copy(ctx, j.station, j.public, list, head); err != nil {
			s.registered = false
			return err
		}
		s.seq, s.code = head.Seq, head.Code
	}
}

// continues checks that the journal continues the copy: it was not put back to an older
// state.
func (s *share) continues(ctx context.Context) error {
	if s.seq == 0 {
		return nil
	}
	var code []byte
	err := s.journal.read(ctx, func(tx *sqldb.Tx) error {
		return tx.Row("SELECT mac FROM record WHERE chain = 1 AND seq = $1", []any{s.seq}, &code)
	})
	if errors.Is(err, sqldb.ErrNotFound) || err == nil && !bytes.Equal(code, s.code) {
		return forked(s.journal.station, s.seq)
	}
	return err
}

// next returns the next records that are not copied yet.
func (s *share) next(ctx context.Context) (list []copied, err error) {
	err = s.journal.read(ctx, func(tx *sqldb.Tx) error {
		list = nil
		return tx.Rows(fmt.Sprintf("SELECT %s FROM record WHERE chain = 1 AND seq > $1 ORDER BY seq LIMIT %d", recordColumns, copyMost), []any{s.seq}, func(row sqldb.Scanner) error {
			r, code, proper, err := scanRecord(row)
			if err == nil && !proper {
				err = fmt.Errorf("%w: record %d was changed: run fob line audit", ErrConflict, r.Seq)
			}
			list = append(list, copied{r, code})
			return err
		})
	})
	return list, err
}

// news gives numbers back and acts on the news. The caller holds the mutex.
func (s *share) news(ctx context.Context) error {
	j := s.journal
	for {
		back, err := s.untold(ctx)
		if err != nil {
			return err
		}
		var orders []string
		for _, b := range s.batches {
			orders = append(orders, b.order.ID)
		}
		e, err := s.ledger.exchange(ctx, j.station, back, orders)
		if err != nil {
			return err
		}
		for i, name := range orders {
			s.batches[name].allDone.Store(e.done[i])
		}
		if err := s.confirmed(ctx, back); err != nil {
			return err
		}
		if err := s.conflicts(ctx, e.conflicts); err != nil {
			return err
		}
		again := false
		for _, name := range e.asked {
			n, err := j.left(ctx, name)
			if errors.Is(err, ErrOrder) || err == nil && n.left == 0 {
				continue
			}
			if err == nil {
				err = j.cut(ctx, name, (n.left+1)/2)
			}
			if err != nil {
				return err
			}
			again = true
		}
		lost := map[string]bool{}
		for _, r := range e.lost {
			lost[r.Order] = true
		}
		for name := range maps.Keys(lost) {
			n, err := j.left(ctx, name)
			if err != nil || n.left == 0 {
				continue
			}
			if err := j.cut(ctx, name, everything); err != nil {
				return err
			}
			again = true
		}
		if !again {
			return nil
		}
		if err := s.copyAll(ctx); err != nil {
			return err
		}
	}
}

// untold returns the blocks that have become smaller since the ledger heard of them.
func (s *share) untold(ctx context.Context) (list []Returned, err error) {
	err = s.journal.read(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = sqldb.QueryAll(tx, func(row sqldb.Scanner) (r Returned, err error) {
			err = row.Scan(&r.Order, &r.ID, &r.Count)
			return r, err
		}, "SELECT orders.name, block.id, block.count FROM block JOIN orders ON orders.id = block.order_id WHERE block.told <> block.count AND orders.ledger <> '' ORDER BY orders.id, block.id")
		return err
	})
	return list, err
}

// confirmed marks the numbers that the ledger has taken back.
func (s *share) confirmed(ctx context.Context, back []Returned) error {
	if len(back) == 0 {
		return nil
	}
	return s.journal.write(ctx, "", func(tx *sqldb.Tx) error {
		for _, r := range back {
			if _, err := tx.Exec("UPDATE block SET told = $3 WHERE order_id = (SELECT id FROM orders WHERE name = $1) AND id = $2", r.Order, r.ID, r.Count); err != nil {
				return err
			}
		}
		return nil
	})
}

// waitElsewhere is how long a device waits for numbers of other stations, which need a
// moment to give them back, and waitPoll the time between two questions.
const (
	waitElsewhere = 3 * newsPause
	waitPoll      = 300 * time.Millisecond
)

// block gets a block from the ledger, after the records were copied.
func (s *share) block(ctx context.Context, order string, after int64, urgent bool) (b Block, err error) {
	began := time.Now()
	for {
		s.mu.Lock()
		if err = s.copyAll(ctx); err == nil {
			b, err = s.ledger.Block(ctx, order, s.journal.station, after, urgent)
		}
		_ = s.ended(ctx, err)
		s.mu.Unlock()
		if !urgent || !errors.Is(err, ErrElsewhere) || time.Since(began) > waitElsewhere {
			return b, err
		}
		select {
		case <-ctx.Done():
			return b, ctx.Err()
		case <-time.After(waitPoll):
		}
	}
}

// reserve gets numbers for the time in which the ledger may be away.
func (s *share) reserve(ctx context.Context) error {
	s.mu.Lock()
	batches := maps.Clone(s.batches)
	wait := time.Now().Before(s.quiet)
	s.mu.Unlock()
	if wait {
		return nil
	}
	for _, b := range batches {
		err := b.fetchBlock(ctx, false)
		switch {
		case errors.Is(err, ErrComplete), errors.Is(err, ErrNumbers), errors.Is(err, ErrElsewhere):
			s.mu.Lock()
			s.quiet = time.Now().Add(newsPause)
			s.mu.Unlock()
		case err != nil:
			return err
		}
	}
	return nil
}
