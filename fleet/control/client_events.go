// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
)

// ErrEnded is the error of a fleet that has ended as it should.
var ErrEnded = errclass.New(errclass.Unreachable, "the fleet has ended")

// EventQuery selects events of a fleet's log.
type EventQuery struct {
	After uint64   // only events after this number
	Token string   // only events of this token; "": all
	Kinds []string // only events of these kinds; none: all
}

// Values returns the query in the form of the API.
func (q *EventQuery) Values() url.Values {
	v := url.Values{"after_seq": {strconv.FormatUint(q.After, 10)}}
	if q.Token != "" {
		v.Set("token", q.Token)
	}
	if len(q.Kinds) > 0 {
		v.Set("kind", strings.Join(q.Kinds, ","))
	}
	return v
}

// StreamEvent has the fields of an event in the stream that a client needs. If events
// were dropped from the log before the client could read them, it has their number
// instead: any of them may have happened.
type StreamEvent struct {
	Seq   uint64 `json:"seq"`
	Token string `json:"token"` // hardware id; "" for an event of the world
	Event string `json:"event"`

	Dropped uint64 `json:"dropped"` // number of events that are missing
	Oldest  uint64 `json:"oldest"`  // number of the oldest event that is left

	JSON []byte `json:"-"` // the event as the fleet has sent it
}

// Events calls a function for each event as it happens, until the function fails, the
// context ends or the fleet does. If the connection breaks and the fleet is still there,
// it goes on with the next event. The error is the function's or the context's, or wraps
// [ErrEnded], [ErrUnreachable] or a [RefusedError].
func (c *Client) Events(ctx context.Context, q EventQuery, f func(StreamEvent) error) error {
	for {
		heard, err := c.events(ctx, &q, f)
		if !errors.Is(err, errBroken) {
			return err
		}
		if heard {
			continue
		}
		select {
		case <-time.After(retryEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// errBroken is the error of a stream that did not end as it should.
var errBroken = errors.New("the stream of events has ended")

// events is Events for one connection. It moves q.After to the newest event, and reports
// whether the stream had any line.
func (c *Client) events(ctx context.Context, q *EventQuery, f func(StreamEvent) error) (heard bool, err error) {
	stream, err := c.Open(ctx, http.MethodGet, "/v1/events?"+q.Values().Encode(), nil, "text/event-stream")
	if err != nil {
		return false, err
	}
	defer stream.Close()
	lines := bufio.NewScanner(stream)
	for lines.Scan() {
		heard = true
		if lines.Text() == "event: end" {
			return true, fmt.Errorf("%w: %s", ErrEnded, c.address())
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		e := StreamEvent{JSON: []byte(data)}
		if err := json.Unmarshal(e.JSON, &e); err != nil {
			return true, fmt.Errorf("%w: %s: an event cannot be read: %w", ErrUnreachable, c.address(), err)
		}
		if q.After = e.Seq; e.Dropped > 0 {
			q.After = max(e.Oldest, 1) - 1
		}
		if err := f(e); err != nil {
			return true, err
		}
	}
	if ctx.Err() != nil {
		return heard, ctx.Err()
	}
	return heard, fmt.Errorf("%w: %s: %w: is fob run still running there?", ErrUnreachable, c.address(), errBroken)
}
