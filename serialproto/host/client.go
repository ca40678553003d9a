// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/d204ef64/fob/serialproto"
)

// DefaultRetries is how often a Client sends a request again.
const DefaultRetries = 2

// Client is one token's host. It is safe for concurrent use; requests go out
// one after the other.
type Client struct {
	timeout time.Duration // 0: AnswerTime of the command
	retries int

	turn    chan struct{} // full while a request is under way; guards what follows
	conn    serialproto.Port
	seq     uint8
	in      serialproto.Deframer
	out     serialproto.Framer
	pending []byte // bytes read and not yet looked at
	start   time.Time
	synced  bool // nothing is under way that an earlier host has asked for

	mu    sync.Mutex // guards what follows
	stats Stats
}

// Stats counts what went over the wire.
type Stats struct {
	Sent, Received int // bytes
	Repeats        int // requests that were sent again
}

// Option changes a Client.
type Option func(*Client)

// WithTimeout sets how long to wait for one answer, whatever the command; 0, the
// default, is its [AnswerTime].
func WithTimeout(d time.Duration) Option { return func(c *Client) { c.timeout = d } }

// WithRetries sets how often a request without an answer is sent again; the
// default is 2.
func WithRetries(n int) Option { return func(c *Client) { c.retries = n } }

// New returns a client on a connection, which stays the caller's to close. The
// client sets deadlines on it during a request, and leaves none behind.
func New(conn serialproto.Port, opts ...Option) *Client {
	c := &Client{
		conn: conn, retries: DefaultRetries, start: time.Now(),
		turn: make(chan struct{}, 1),
	}
	c.seq = uint8(c.start.UnixNano())
	for _, o := range opts {
		o(c)
	}
	return c
}

// Stats returns the counts so far.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// decoding limits what an answer may make us allocate.
var decoding = func() cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		MaxNestedLevels:   8,
		MaxArrayElements:  serialproto.BufferSize,
		MaxMapPairs:       serialproto.BufferSize,
	}.DecMode()
	if err != nil {
		panic("host: internal error: " + err.Error())
	}
	return m
}()

// request is one command.
type request struct {
	name    string // for errors
	op      serialproto.Op
	group   serialproto.Group
	command uint8
	body    any        // nil: an empty map
	timely  func() any // makes the body anew for each try, where it depends on the time
}

// encode returns the body of a try.
func (r *request) encode() ([]byte, error) {
	body := r.body
	switch {
	case r.timely != nil:
		body = r.timely()
	case body == nil:
		return []byte{0xA0}, nil
	}
	b, err := cbor.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	if serialproto.HeaderSize+len(b) > serialproto.MaxMessage {
		return nil, serialproto.RCMessageSize
	}
	return b, nil
}

// answer is the error part of any answer.
type answer struct {
	RC  serialproto.RC `cbor:"rc"`
	Err *struct {
		Group serialproto.Group `cbor:"group"`
		RC    uint16            `cbor:"rc"`
	} `cbor:"err"`
}

// do sends a request until it is answered, and decodes the answer into result
// unless that is nil.
func (c *Client) do(ctx context.Context, r request, result any) error {
	// A caller whose context ends while others have their turn is not kept.
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", r.name, timeout(ctx.Err()))
	}
	if _, err := r.encode(); err != nil { // nothing is sent for a request that cannot be
		return fmt.Errorf("%s: %w", r.name, err)
	}
	if err := c.syncLocked(ctx); err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	reply, err := c.exchangeLocked(ctx, r, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	const majorMap = 5
	if len(reply) == 0 || reply[0]>>5 != majorMap {
		return fmt.Errorf("%s: %w: it is no map", r.name, ErrProtocol)
	}
	var a answer
	if err := decoding.Unmarshal(reply, &a); err != nil {
		return fmt.Errorf("%s: %w: %w", r.name, ErrProtocol, err)
	}
	if err := refusal(r.name, &a); err != nil {
		return err
	}
	if result == nil {
		return nil
	}
	if err := decoding.Unmarshal(reply, result); err != nil {
		return fmt.Errorf("%s: %w: %w", r.name, ErrProtocol, err)
	}
	return nil
}

// exchangeLocked sends a request until its answer comes, and returns that
// answer's body. With accept only an answer that it approves is one.
func (c *Client) exchangeLocked(ctx context.Context, r request, accept func(body []byte) bool) ([]byte, error) {
	c.seq++
	h := serialproto.Header{
		Version: serialproto.Version2, Op: r.op, Group: r.group, Seq: c.seq, Command: r.command,
	}
	// The connection is the caller's: a deadline left on it would end what the
	// caller does with it next.
	defer func() {
		_ = c.conn.SetReadDeadline(time.Time{})
		_ = c.conn.SetWriteDeadline(time.Time{})
	}()
	// A context without deadline must still end a Read that is under way.
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		past := time.Unix(1, 0)
		_ = c.conn.SetReadDeadline(past)
		_ = c.conn.SetWriteDeadline(past)
	})
	defer func() {
		if !stop() {
			<-stopped // it must not hit the next request's deadline
		}
	}()
	wait := c.timeout
	if wait == 0 {
		wait = AnswerTime(r.group, r.op, r.command)
	}
	for attempt := 0; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return nil, timeout(err)
		}
		deadline := time.Now().Add(wait)
		if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
			deadline = d
		}
		body, err := r.encode()
		if err != nil {
			return nil, err
		}
		h.Length = uint16(len(body))
		err = c.sendLocked(ctx, h, body, deadline)
		if err == nil {
			var reply []byte
			if reply, err = c.receiveLocked(ctx, h.Response(), accept, deadline); err == nil {
				return reply, nil
			}
		} else if errors.Is(err, os.ErrDeadlineExceeded) {
			// The device may take no bytes before somebody takes those it sends.
			c.drainLocked(ctx)
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, timeout(ctx.Err())
		}
		if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) { // ctx will notice in a moment
			return nil, timeout(context.DeadlineExceeded)
		}
		if attempt >= c.retries {
			return nil, fmt.Errorf("%w after %d tries of %v each", ErrTimeout, attempt+1, wait)
		}
		c.count(func(s *Stats) { s.Repeats++ })
	}
}

// timeout tells a context that ran out from one that was cancelled.
func timeout(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return err
}

func (c *Client) count(change func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.stats)
}

// limit sets a deadline, which must not take the place of the one that the end
// of ctx has just set.
func limit(ctx context.Context, set func(time.Time) error, deadline time.Time) error {
	if err := set(deadline); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return os.ErrDeadlineExceeded
	}
	return nil
}

func (c *Client) sendLocked(ctx context.Context, h serialproto.Header, body []byte, deadline time.Time) error {
	if err := limit(ctx, c.conn.SetWriteDeadline, deadline); err != nil {
		return err
	}
	message := append(h.Append(c.out.Message()), body...)
	c.out.Seal(len(message))
	var lines []byte
	for before := -1; len(lines) != before; {
		before = len(lines)
		lines = c.out.AppendLine(lines)
	}
	n, err := c.conn.Write(lines)
	c.count(func(s *Stats) { s.Sent += n })
	return err
}

// receiveLocked waits for the answer with header want. What else arrives, such
// as the late answer to an earlier try, is passed over.
func (c *Client) receiveLocked(ctx context.Context, want serialproto.Header, accept func(body []byte) bool, deadline time.Time) ([]byte, error) {
	if err := limit(ctx, c.conn.SetReadDeadline, deadline); err != nil {
		return nil, err
	}
	var buf [1024]byte
	for {
		for len(c.pending) > 0 {
			b := c.pending[0]
			c.pending = c.pending[1:]
			message := c.in.Feed(b, time.Since(c.start).Milliseconds())
			if message == nil {
				continue
			}
			h, ok := serialproto.ParseHeader(message)
			want.Length = h.Length
			if !ok || h != want || int(h.Length) != len(message)-serialproto.HeaderSize {
				continue
			}
			body := message[serialproto.HeaderSize:]
			if accept == nil || accept(body) {
				return append([]byte(nil), body...), nil
			}
		}
		n, err := c.conn.Read(buf[:])
		c.count(func(s *Stats) { s.Received += n })
		c.pending = append(c.pending[:0], buf[:n]...)
		if err != nil && n == 0 {
			return nil, err
		}
	}
}
