// SPDX-License-Identifier: Apache-2.0

package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

const (
	// groupWriters is how many groups are under way at once in PostgreSQL.
	// SQLite has one writer.
	groupWriters = 4

	// groupMost is how many functions share a transaction at most: what a
	// client waits for is then still a few milliseconds.
	groupMost = 128

	// attempts is how often a transaction is begun again that met another.
	attempts = 5
)

// A job is a function that wants to write.
type job struct {
	ctx   context.Context
	key   string
	alone bool
	fn    func(*Tx) error
	done  chan error
}

// Update runs a function in a transaction. When it returns nil, all is on the
// disk; an error of the function, or of the store, leaves nothing behind. The
// function may be run more than once, and must begin anew each time.
//
// When the error wraps [ErrUnavailable], the transaction may have been made
// nevertheless: the connection may have been lost behind it.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	return db.hand(&job{ctx: ctx, alone: true, fn: fn, done: make(chan error, 1)})
}

// Grouped is [DB.Update] for short functions that write one row of a table, which
// key names: several share one transaction. One whose function returns an error
// does not spoil it for the others, but costs them time.
func (db *DB) Grouped(ctx context.Context, key string, fn func(*Tx) error) error {
	return db.hand(&job{ctx: ctx, key: key, fn: fn, done: make(chan error, 1)})
}

// hand gives a job to a writer and waits. A job that has begun is waited for even
// when the caller has gone: what it did is done.
func (db *DB) hand(j *job) error {
	if j.alone && db.dialect.postgres {
		return db.alone(j)
	}
	db.mu.RLock()
	if db.closed {
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
	return <-j.done
}

// alone runs a job in the caller's goroutine, on a connection of its own.
func (db *DB) alone(j *job) error {
	db.mu.RLock()
	defer db.mu.RUnlock()
	if db.closed {
		return ErrClosed
	}
	s := &session{db: db}
	defer s.drop(nil)
	return s.one(j)
}

func (db *DB) startWriters() {
	n := 1
	if db.dialect.postgres {
		n = groupWriters
	}
	// The queue is no longer than what waits for an answer: each sender waits.
	db.jobs = make(chan *job)
	for range n {
		db.writers.Go(db.routineWriter)
	}
}

// routineWriter takes what waits, as a group.
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
		s.run(group)
	}
}

// waiting returns a job that waits, if there is one.
func (db *DB) waiting() (*job, bool) {
	select {
	case j, open := <-db.jobs:
		return j, open
	default:
		return nil, false
	}
}

// run runs a group and answers each.
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
	if len(group) > 1 {
		// In one order everywhere, so that two groups do not wait for each other.
		slices.SortStableFunc(group, func(a, b *job) int { return cmp.Compare(a.key, b.key) })
		if s.try(group) == nil {
			for _, j := range group {
				j.done <- nil
			}
			return
		}
	}
	for _, j := range group {
		j.done <- s.one(j)
	}
}

// one runs a job by itself, again where it met another transaction.
func (s *session) one(j *job) error {
	var err error
	for range attempts {
		if err = j.ctx.Err(); err != nil {
			return err
		}
		if err = s.try([]*job{j}); err == nil || s.db.dialect.classify(err) != kindAgain {
			break
		}
	}
	return s.db.dialect.wrap(err)
}

// A session is a connection that writes, with the statements prepared on it.
type session struct {
	db    *DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

// try runs functions in one transaction. The context of the callers is not
// looked at: a commit that is interrupted is one of which nobody knows.
func (s *session) try(group []*job) (err error) {
	ctx := context.Background()
	if s.conn == nil {
		if s.conn, err = s.db.write.Conn(ctx); err != nil {
			s.conn = nil
			return err
		}
		s.stmts = map[string]*sql.Stmt{}
	}
	if _, err = s.ExecContext(ctx, s.db.dialect.begin); err != nil {
		s.drop(err)
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			s.rollback()
			panic(p)
		}
		if err != nil {
			s.rollback()
		}
	}()
	tx := &Tx{ctx: ctx, db: s.db, q: s, writes: true}
	for _, j := range group {
		if err = j.fn(tx); err != nil {
			return err
		}
	}
	if err = tx.appendAudit(); err != nil {
		return err
	}
	_, err = s.ExecContext(ctx, "COMMIT")
	return err
}

// rollback ends a transaction that failed. A connection that cannot even do that
// is given up; SQLite may have rolled back by itself.
func (s *session) rollback() {
	if _, err := s.ExecContext(context.Background(), "ROLLBACK"); err != nil {
		s.drop(err)
	}
}

// drop gives the connection back, or closes it when err is set.
func (s *session) drop(err error) {
	if s.conn == nil {
		return
	}
	for _, stmt := range s.stmts {
		_ = stmt.Close()
	}
	if err != nil {
		_ = s.conn.Raw(func(any) error { return errBad })
	}
	_ = s.conn.Close()
	s.conn, s.stmts = nil, nil
}

// prepare returns the prepared form of a statement. PostgreSQL's driver prepares
// by itself.
func (s *session) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt := s.stmts[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(ctx, s.db.dialect.text(query))
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s.stmts[query] = stmt
	return stmt, nil
}

// ExecContext runs a statement on the session's connection.
func (s *session) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if s.db.dialect.postgres {
		return s.conn.ExecContext(ctx, query, args...)
	}
	stmt, err := s.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryContext runs a query on the session's connection.
func (s *session) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s.db.dialect.postgres {
		return s.conn.QueryContext(ctx, query, args...)
	}
	stmt, err := s.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// errBad makes database/sql throw a connection away.
var errBad = errors.New("bad connection")
