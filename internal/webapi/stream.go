// SPDX-License-Identifier: Apache-2.0

package webapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// KeepAlive is how often an idle stream sends a comment, because proxies close silent ones.
const KeepAlive = 15 * time.Second

// Stream is a stream of server-sent events. A client that does not read holds up only its
// own stream.
type Stream struct {
	// Next appends the following events. It reports whether more may follow at once.
	Next func(out []byte) (events []byte, more bool)

	// Changed returns a channel that is closed when there is more. It is called before
	// Next, and so no change is missed.
	Changed func() <-chan struct{}

	// Allowed reports whether the client may still have events, for example whether its
	// session goes on. It is called before each event and each beat. It may be nil.
	Allowed func() bool

	// Ended reports whether the context of the request was cancelled because the server
	// ends. The client then gets all events, and the event "end".
	Ended func(context.Context) bool

	Every time.Duration // time between two beats of an idle stream; 0: [KeepAlive]
	Beat  string        // "": a comment

	// Patience is the time that a client has to read an event; 0: no limit.
	Patience time.Duration
}

// Send sends events until the client is gone or no longer allowed, or the server ends.
func (s *Stream) Send(ctx context.Context, w io.Writer) {
	if s.Every == 0 {
		s.Every = KeepAlive
	}
	if s.Beat == "" {
		s.Beat = ": \n\n"
	}
	send := func(text []byte) bool {
		if s.Allowed != nil && !s.Allowed() {
			return false
		}
		rw, ok := w.(http.ResponseWriter)
		if ok && s.Patience > 0 {
			// A server that cannot do this has its own limit, or none.
			_ = http.NewResponseController(rw).SetWriteDeadline(time.Now().Add(s.Patience))
		}
		_, err := w.Write(text)
		if ok && err == nil {
			if err = http.NewResponseController(rw).Flush(); errors.Is(err, http.ErrNotSupported) {
				err = nil
			}
		}
		return err == nil
	}
	send(nil) // the headers
	idle := time.NewTimer(s.Every)
	defer idle.Stop()
	var out []byte
	for {
		changed := s.Changed()
		var more bool
		out, more = s.Next(out[:0])
		if len(out) > 0 {
			if !send(out) {
				return
			}
			idle.Reset(s.Every)
		}
		switch gone := ctx.Err() != nil; {
		case gone && !s.Ended(ctx):
			return
		case more:
			continue
		case gone: // the client has read everything
			send([]byte("event: end\ndata: {}\n\n"))
			return
		}
		select {
		case <-changed:
		case <-idle.C:
			if !send([]byte(s.Beat)) {
				return
			}
			idle.Reset(s.Every)
		case <-ctx.Done():
		}
	}
}
