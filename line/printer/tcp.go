// SPDX-License-Identifier: Apache-2.0

package printer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// tcpPrinter is a printer that prints the bytes of a TCP connection (JetDirect).
type tcpPrinter struct {
	address string
	dial    string

	// Limits of time. They are variables for tests.
	connectLimit time.Duration
	writeLimit   time.Duration // until the printer has taken a job
	answerLimit  time.Duration // for the status, which takes milliseconds
	printLimit   time.Duration // until a job is printed
	pollInterval time.Duration

	mu      sync.Mutex
	answers knowledge // whether the printer answers status queries
}

type knowledge uint8

const (
	unknown knowledge = iota
	yes
	no
)

var _ Printer = (*tcpPrinter)(nil)

func newTCP(address, dial string) *tcpPrinter {
	return &tcpPrinter{
		address: address, dial: dial,
		connectLimit: 10 * time.Second,
		writeLimit:   30 * time.Second,
		answerLimit:  3 * time.Second,
		printLimit:   60 * time.Second,
		pollInterval: 100 * time.Millisecond,
	}
}

func (p *tcpPrinter) String() string { return p.address }

// Print sends a job on a connection of its own.
//
// A ZPL printer is asked for its status before and after: nothing is sent to a printer
// that is not ready, and Print returns when the label is printed. A printer that never
// answered gets its jobs without questions.
func (p *tcpPrinter) Print(ctx context.Context, job Job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := job.validate(); err != nil {
		return failure(p, job, false, err)
	}
	conn, hangUp, err := p.connect(ctx)
	if err != nil {
		return failure(p, job, false, err)
	}
	defer hangUp()
	sent, err := p.send(conn, job)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return failure(p, job, sent, err)
	}
	return nil
}

// connect opens a connection, which ends with ctx.
func (p *tcpPrinter) connect(ctx context.Context) (conn *net.TCPConn, hangUp func(), err error) {
	dialer := net.Dialer{Timeout: p.connectLimit}
	c, err := dialer.DialContext(ctx, "tcp", p.dial)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case err != nil:
		return nil, nil, fmt.Errorf("%w: %w: check its address, cable and power", ErrUnreachable, cause(err))
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	return c.(*net.TCPConn), func() {
		stop()
		_ = c.Close()
	}, nil
}

// Check implements [Printer]. A ZPL printer is asked for its status.
func (p *tcpPrinter) Check(ctx context.Context, format Format) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	conn, hangUp, err := p.connect(ctx)
	if err != nil {
		return unfit(p, err)
	}
	defer hangUp()
	if format == ZPL {
		err = p.checkReady(conn, bufio.NewReader(conn))
	}
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return unfit(p, err)
}

func (p *tcpPrinter) send(conn *net.TCPConn, job Job) (sent bool, err error) {
	r := bufio.NewReader(conn)
	if job.Format == ZPL {
		if err := p.checkReady(conn, r); err != nil {
			return false, err
		}
	}
	_ = conn.SetDeadline(time.Now().Add(p.writeLimit))
	if n, err := conn.Write(job.Data); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = fmt.Errorf("%w: it took %d of %d bytes in %v", ErrNotReady, n, len(job.Data), p.writeLimit)
		} else {
			err = fmt.Errorf("%w: the connection broke: %w", ErrUnreachable, cause(err))
		}
		return n > 0, err
	}
	if job.Format == ZPL && p.answers == yes {
		return true, p.waitPrinted(conn, r)
	}
	return true, p.finish(conn, r)
}

// ask sends a status query and reads the answer.
func (p *tcpPrinter) ask(conn *net.TCPConn, r *bufio.Reader) (status, error) {
	_ = conn.SetDeadline(time.Now().Add(p.answerLimit))
	if _, err := io.WriteString(conn, statusQuery); err != nil {
		return status{}, err
	}
	return readStatus(r)
}

// checkReady returns an error if the printer reports that it cannot print.
func (p *tcpPrinter) checkReady(conn *net.TCPConn, r *bufio.Reader) error {
	if p.answers == no {
		return nil
	}
	s, err := p.ask(conn, r)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && p.answers == yes:
		return errSilent
	case errors.Is(err, os.ErrDeadlineExceeded):
		p.answers = no
		return nil
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnreachable, cause(err))
	}
	p.answers = yes
	if problem := s.problem(); problem != "" {
		return fmt.Errorf("%w: %s", ErrNotReady, problem)
	}
	return nil
}

var errSilent = fmt.Errorf("%w: it no longer answers, like a printer with an open head or without paper or ribbon", ErrNotReady)

// waitPrinted waits until the printer has printed all its labels.
func (p *tcpPrinter) waitPrinted(conn *net.TCPConn, r *bufio.Reader) error {
	for end := time.Now().Add(p.printLimit); ; time.Sleep(p.pollInterval) {
		s, err := p.ask(conn, r)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return errSilent
		case err != nil:
			return fmt.Errorf("%w: the connection broke: %w", ErrUnreachable, cause(err))
		case s.problem() != "":
			return fmt.Errorf("%w: %s", ErrNotReady, s.problem())
		case s.idle():
			return nil
		case time.Now().After(end):
			return fmt.Errorf("%w: it did not finish in %v", ErrNotReady, p.printLimit)
		}
	}
}

// finish ends the connection of a printer that gives no status. If it closes the
// connection with unread data, it has not printed the job.
func (p *tcpPrinter) finish(conn *net.TCPConn, r *bufio.Reader) error {
	err := conn.CloseWrite()
	if err == nil {
		_ = conn.SetDeadline(time.Now().Add(p.answerLimit))
		_, err = io.Copy(io.Discard, r)
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) { // some printers keep the connection
		return fmt.Errorf("%w: the connection broke: %w", ErrUnreachable, cause(err))
	}
	return nil
}

// cause returns the error of the system without the addresses around it.
func cause(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the printer closed the connection")
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	return err
}
