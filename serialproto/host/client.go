// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/d204ef64/fob/serialproto"
)

// DefaultRetries is the number of times that a Client repeats a request.
const DefaultRetries = 2

// Client is a host's connection to one token. It is safe for concurrent use; requests
// are sent one after the other.
type Client struct {
	timeout time.Duration // 0: AnswerTime of the command
	retries int

	turn      chan struct{} // full while a request is in progress; guards the fields below
	transport Transport
	seq       uint8
	synced    bool // no answers to an earlier host's requests are in transit

	repeats atomic.Int64
}

// Stats holds the amount of traffic on the wire.
type Stats struct {
	Sent, Received int // bytes
	Repeats        int // number of repeated requests
}

// Option is an option of [New].
type Option func(*Client)

// WithTimeout sets how long to wait for one answer, for all commands. 0, the default,
// selects the [AnswerTime] of each command.
func WithTimeout(d time.Duration) Option { return func(c *Client) { c.timeout = d } }

// WithRetries sets how many times a request without an answer is repeated; the default
// is [DefaultRetries].
func WithRetries(n int) Option { return func(c *Client) { c.retries = n } }

// New returns a client that speaks SMP over console on a port, which the caller must
// close. The client sets deadlines on the port during a request, and removes them
// afterwards.
func New(port serialproto.Port, opts ...Option) *Client { return NewOver(newConsole(port), opts...) }

// NewOver returns a client that uses a transport.
func NewOver(t Transport, opts ...Option) *Client {
	c := &Client{
		transport: t, retries: DefaultRetries, seq: uint8(time.Now().UnixNano()),
		turn: make(chan struct{}, 1),
	}
	for _, o := range opts {
		o(c)
	}
	return c
}

// Stats returns the traffic so far.
func (c *Client) Stats() Stats {
	s := Stats{Repeats: int(c.repeats.Load())}
	s.Sent, s.Received = c.transport.Traffic()
	return s
}

// decoding limits how much memory an answer can make us allocate.
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
	timely  func() any // creates a new body for each try, if it depends on the time
}

// encode returns the body for the next try.
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

// answer is the error part that any answer may have.
type answer struct {
	RC  serialproto.RC `cbor:"rc"`
	Err *struct {
		Group serialproto.Group `cbor:"group"`
		RC    uint16            `cbor:"rc"`
	} `cbor:"err"`
}

// do sends a request until it is answered, and decodes the answer into result unless
// result is nil.
func (c *Client) do(ctx context.Context, r request, result any) error {
	// A caller whose context ends need not wait for the requests of others.
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", r.name, timeout(ctx.Err()))
	}
	if _, err := r.encode(); err != nil { // send nothing if the request is invalid
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
		return fmt.Errorf("%s: %w: not a map", r.name, ErrProtocol)
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

// exchangeLocked sends a request until its answer arrives, and returns the answer's
// body. If accept is not nil, it ignores answers that accept does not approve.
func (c *Client) exchangeLocked(ctx context.Context, r request, accept func(body []byte) bool) ([]byte, error) {
	c.seq++
	h := serialproto.Header{
		Version: serialproto.Version2, Op: r.op, Group: r.group, Seq: c.seq, Command: r.command,
	}
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
		message := append(h.Append(nil), body...)
		want := h.Response()
		answer, err := c.transport.Exchange(ctx, message, deadline, func(answer []byte) bool {
			got, ok := serialproto.ParseHeader(answer)
			want.Length = got.Length
			return ok && got == want && int(got.Length) == len(answer)-serialproto.HeaderSize &&
				(accept == nil || accept(answer[serialproto.HeaderSize:]))
		})
		if err == nil {
			return answer[serialproto.HeaderSize:], nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, timeout(ctx.Err())
		}
		if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) { // ctx is about to end as well
			return nil, timeout(context.DeadlineExceeded)
		}
		if attempt >= c.retries {
			return nil, fmt.Errorf("%w after %d tries of %v each", ErrTimeout, attempt+1, wait)
		}
		c.repeats.Add(1)
	}
}

// timeout adds ErrTimeout to the error of a context that ran out, but not of one that
// was cancelled.
func timeout(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return err
}
