// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"time"
)

// A session is a connection for writing, with the statements prepared on it.
type session struct {
	db    *DB
	conn  *sql.Conn
	wire  io.Closer // the network connection under conn; PostgreSQL only
	stmts map[string]*sql.Stmt
}

// begin begins a transaction. It replaces a connection that was lost while idle.
func (s *session) begin(limit time.Duration) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	d := s.db.dialect
	for n := 0; ; n++ {
		if s.conn == nil {
			conn, err := s.db.write.Conn(ctx)
			if err != nil {
				return err
			}
			s.conn, s.stmts = conn, map[string]*sql.Stmt{}
			s.wire = d.wire(conn)
			if d.connected != "" {
				if _, err := conn.ExecContext(ctx, d.connected); err != nil {
					s.drop(err)
					return err
				}
			}
		}
		stop := s.cutAfter(limit)
		_, err := s.ExecContext(context.Background(), d.begin)
		if !stop() && err == nil {
			err = context.DeadlineExceeded
		}
		if err == nil {
			return nil
		}
		if d.classify(err) == kindAgain && time.Since(began) < d.busyWait {
			n--
			time.Sleep(busyPoll)
			continue
		}
		s.drop(err)
		if n == d.connections || ctx.Err() != nil || d.classify(err) != kindUnavailable {
			return err
		}
	}
}

// cutAfter cuts the connection to PostgreSQL after a time limit, unless it is stopped
// before; see cut. A context would have the same effect, but cost a goroutine for each
// statement.
func (s *session) cutAfter(limit time.Duration) (stop func() bool) {
	return s.cut(func(f func()) func() bool { return time.AfterFunc(limit, f).Stop })
}

// cutWith cuts the connection when a context ends, unless it is stopped before.
func (s *session) cutWith(ctx context.Context) (stop func() bool) {
	return s.cut(func(f func()) func() bool { return context.AfterFunc(ctx, f) })
}

// cut has schedule close the connection to PostgreSQL. stop, which must be called once,
// reports whether it came in time. If it did not, it waits until the connection is cut:
// a late cut would hit the next transaction.
func (s *session) cut(schedule func(f func()) func() bool) (stop func() bool) {
	if s.wire == nil {
		return func() bool { return true }
	}
	wire, done := s.wire, make(chan struct{})
	cancel := schedule(func() {
		defer close(done)
		_ = wire.Close()
	})
	return func() bool {
		if cancel() {
			return true
		}
		<-done
		return false
	}
}

// rollback ends a failed transaction. If the rollback fails too, it gives up the
// connection; SQLite may already have rolled back.
func (s *session) rollback() {
	if s.conn == nil { // a connection that was cut
		return
	}
	if _, err := s.ExecContext(context.Background(), "ROLLBACK"); err != nil {
		s.drop(err)
	}
}

// drop returns the connection to the pool, or closes it if err is set.
func (s *session) drop(err error) {
	if s.conn == nil {
		return
	}
	for _, stmt := range s.stmts {
		_ = stmt.Close()
	}
	if err != nil {
		// ErrBadConn makes the pool discard the connection instead of reusing it.
		_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	_ = s.conn.Close()
	s.conn, s.wire, s.stmts = nil, nil, nil
}

// prepare returns the prepared form of a statement.
func (s *session) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt := s.stmts[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(ctx, s.db.dialect.text(query))
	if err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	s.stmts[query] = stmt
	return stmt, nil
}

// ExecContext runs a statement on the session's connection.
func (s *session) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if !s.db.dialect.prepare {
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
	if !s.db.dialect.prepare {
		return s.conn.QueryContext(ctx, query, args...)
	}
	stmt, err := s.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}
