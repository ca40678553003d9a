// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"time"
)

const (
	// groupWriters is the number of groups that PostgreSQL runs at once. SQLite has one
	// writer.
	groupWriters = 4

	// groupMost is the maximum number of functions in a transaction. It keeps a
	// client's wait at a few milliseconds.
	groupMost = 128

	// A transaction that conflicts with another is retried. attempts is the maximum
	// number of runs, and retryFor the time after the first one in which a run may
	// start.
	attempts = 5
	retryFor = 10 * time.Second

	// busyWait is how long a writer waits while another process writes to a file of
	// SQLite, and busyPoll the interval at which it tries. SQLite itself would try
	// every 100 ms, and never succeed if the other process writes one transaction after
	// another. longPause is the pause of a writer between long transactions.
	busyWait  = 10 * time.Second
	busyPoll  = 500 * time.Microsecond
	longPause = 2 * busyPoll

	// patience is the time allowed for a transaction on PostgreSQL, and longPatience
	// for one of DB.Long. The store gives up after that time, so a hanging server does
	// not block the program.
	patience     = 30 * time.Second
	longPatience = 15 * time.Minute
)

// A job is a function that waits to write.
type job struct {
	ctx   context.Context
	key   string
	alone bool
	limit time.Duration
	fn    func(*Tx) error
	done  chan error
}

// Update runs a function in a transaction. When it returns nil, all changes are on
// disk. An error of the function or of the store leaves no changes behind. The function
// may run more than once, and must start from scratch each time.
//
// If the error wraps [ErrUnavailable], the transaction may nevertheless have been made,
// because the connection may have been lost after the commit.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	return db.submit(&job{ctx: ctx, alone: true, limit: db.patience, fn: fn, done: make(chan error, 1)})
}

// Long is [DB.Update] for functions that affect very many rows. It may take minutes.
// Meanwhile SQLite runs no other writer.
func (db *DB) Long(ctx context.Context, fn func(*Tx) error) error {
	return db.submit(&job{ctx: ctx, alone: true, limit: longPatience, fn: fn, done: make(chan error, 1)})
}

// Grouped is [DB.Update] for short functions that write one row of a table, identified
// by key. Several share one transaction. A function that returns an error does not make
// the others fail, but costs them time.
func (db *DB) Grouped(ctx context.Context, key string, fn func(*Tx) error) error {
	return db.submit(&job{ctx: ctx, key: key, limit: db.patience, fn: fn, done: make(chan error, 1)})
}

// submit gives a job to a writer and waits. If a writer has started the job, submit waits
// for its end even if the caller's context is cancelled, because the work may be done.
// If the function panics, submit panics in the caller's goroutine instead of the
// writer's.
func (db *DB) submit(j *job) error {
	if err := db.admit(j.ctx); err != nil {
		return err
	}
	if j.alone && db.dialect.writers > 1 {
		return db.alone(j)
	}
	db.mu.RLock()
	if db.closed.Load() {
		db.mu.RUnlock()
		return ErrClosed
	}
	select {
	case db.jobs <- j:
		db.mu.RUnlock()
	case <-j.ctx.Done():
		db.mu.RUnlock()
		return j.ctx.Err()
	}
	err := <-j.done
	var p *panicked
	if errors.As(err, &p) {
		panic(p.value)
	}
	return err
}

// panicked carries the value of a panic in a function.
type panicked struct{ value any }

func (p *panicked) Error() string { return "sqldb: internal error: a function panicked" }

// alone runs a job in the caller's goroutine, on its own connection.
func (db *DB) alone(j *job) error {
	db.mu.RLock()
	defer db.mu.RUnlock()
	if db.closed.Load() {
		return ErrClosed
	}
	s := &session{db: db}
	defer s.drop(nil)
	err := s.runOne(j)
	var p *panicked
	if errors.As(err, &p) {
		panic(p.value)
	}
	return err
}

func (db *DB) startWriters() {
	// The channel needs no buffer: each sender waits for its answer anyway.
	db.jobs = make(chan *job)
	for range db.dialect.writers {
		db.writers.Go(db.routineWriter)
	}
}

// routineWriter runs the waiting jobs in groups.
func (db *DB) routineWriter() {
	s := &session{db: db}
	defer s.drop(nil)
	var next *job
	for {
		first := next
		next = nil
		if first == nil {
			var open bool
			if first, open = <-db.jobs; !open {
				return
			}
		}
		group := []*job{first}
		for !first.alone && len(group) < groupMost {
			j, more := db.waiting()
			if !more {
				break
			}
			if j.alone {
				next = j
				break
			}
			group = append(group, j)
		}
		began := time.Now()
		s.run(group)
		if first.alone && time.Since(began) > 2*longPause {
			time.Sleep(longPause) // another process may be waiting to write
		}
	}
}

// waiting returns a waiting job, if there is one.
func (db *DB) waiting() (*job, bool) {
	select {
	case j, open := <-db.jobs:
		return j, open
	default:
		return nil, false
	}
}

// run runs a group and answers each job.
func (s *session) run(group []*job) {
	group = slices.DeleteFunc(group, func(j *job) bool {
		if err := j.ctx.Err(); err != nil {
			j.done <- err
			return true
		}
		return false
	})
	if len(group) == 0 {
		return
	}
	if len(group) == 1 {
		group[0].done <- s.runOne(group[0])
		return
	}
	// The same order everywhere prevents two groups from waiting for each other.
	slices.SortStableFunc(group, func(a, b *job) int { return cmp.Compare(a.key, b.key) })
	f := s.try(group)
	switch {
	case f == nil, f.affectsAll(s.db.dialect):
		var err error
		if f != nil {
			err = s.db.dialect.wrap(f.err)
		}
		for _, j := range group {
			j.done <- err
		}
		return
	}
	// One function failed. Run the others first, each alone.
	for i, j := range group {
		if i != f.job {
			j.done <- s.runOne(j)
		}
	}
	if f.job >= 0 {
		group[f.job].done <- s.runOne(group[f.job])
	}
}

// A stage is the point at which a transaction failed.
type stage uint8

const (
	stageBegin  stage = iota // no function ran
	stageRun                 // one of the functions failed
	stageEnd                 // one of the functions of Before failed
	stageCommit              // it is not known whether the transaction was made
)

// A failure describes why a transaction was not made, or why that is not known.
type failure struct {
	stage stage
	job   int // stageRun: index of the function; otherwise -1
	err   error
}

// affectsAll reports whether a failure applies to all functions of the group. The
// functions of such a group are not run again one by one. If the store is unavailable,
// each would wait for it in turn. If the answer to a commit was lost, the transaction
// may have been made, and the functions would meet their own changes.
func (f *failure) affectsAll(d *dialect) bool {
	kind := d.classify(f.err)
	switch f.stage {
	case stageRun:
		return kind == kindUnavailable
	case stageEnd, stageCommit:
		return kind != kindAgain
	}
	return true
}

// runOne runs a single job, and retries it if it conflicts with another transaction.
func (s *session) runOne(j *job) error {
	var f *failure
	began := time.Now()
	for n := 0; n < attempts && (n == 0 || time.Since(began) < retryFor); n++ {
		if err := j.ctx.Err(); err != nil {
			return err
		}
		if f = s.try([]*job{j}); f == nil {
			return nil
		}
		if s.db.dialect.classify(f.err) != kindAgain {
			break
		}
	}
	if err := j.ctx.Err(); err != nil && f.stage != stageCommit && s.db.dialect.classify(f.err) == kindUnavailable {
		return err // the connection was cut because the caller's context ended
	}
	return s.db.dialect.wrap(f.err)
}

// try runs functions in one transaction. For a single Update, the end of the caller's
// context cuts the connection, but only until the commit: to interrupt a commit would
// leave its outcome unknown.
func (s *session) try(group []*job) *failure {
	limit := group[0].limit
	defer s.db.timed(kindOf(group))()
	if err := s.begin(limit); err != nil {
		return &failure{stageBegin, -1, err}
	}
	inTime := s.cutAfter(limit)
	defer func() {
		if !inTime() {
			s.drop(net.ErrClosed)
		}
	}()
	stop := func() bool { return true }
	if len(group) == 1 && group[0].alone {
		stop = s.cutWith(group[0].ctx)
	}
	tx := &Tx{ctx: context.Background(), db: s.db, q: s, writes: true}
	f := runGroup(tx, group)
	if !stop() {
		s.drop(net.ErrClosed)
		if f == nil {
			f = &failure{stageRun, 0, group[0].ctx.Err()}
		}
	}
	if f == nil {
		_, err := s.ExecContext(context.Background(), "COMMIT")
		if err == nil {
			for _, fn := range tx.after {
				fn()
			}
			return nil
		}
		f = &failure{stageCommit, -1, err}
	}
	s.rollback()
	return f
}

// kindOf returns the kind of transaction that a group is.
func kindOf(group []*job) Operation {
	switch {
	case len(group) > 1:
		return Group
	case group[0].limit == longPatience:
		return LongWrite
	}
	return Write
}

// runGroup runs the functions, and then the functions of Before.
func runGroup(tx *Tx, group []*job) *failure {
	for i, j := range group {
		if err := runRecovering(j.fn, tx); err != nil {
			return &failure{stageRun, i, err}
		}
		if tx.failed != nil {
			// PostgreSQL would answer COMMIT with a rollback, and report success.
			return &failure{stageRun, i, tx.failed}
		}
	}
	for i := 0; i < len(tx.before) && tx.failed == nil; i++ { // one may register another
		if err := runRecovering(func(*Tx) error { return tx.before[i]() }, tx); err != nil {
			return &failure{stageEnd, -1, err}
		}
	}
	if tx.failed != nil {
		return &failure{stageEnd, -1, tx.failed}
	}
	return nil
}

// runRecovering runs a function, and converts a panic to an error of type panicked.
func runRecovering(fn func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{p}
		}
	}()
	return fn(tx)
}
