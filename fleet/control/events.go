// SPDX-License-Identifier: Apache-2.0

package control

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/webapi"
	"github.com/d204ef64/fob/virtual"
)

// eventPage is a part of the log.
type eventPage struct {
	Events []fleet.EventLine `json:"events" nullable:"false" doc:"oldest first"`
	Seq    uint64            `json:"seq" doc:"number of the newest event in the log"`
	Next   uint64            `json:"next" doc:"give it as after_seq for the following page; all events up to it have been searched"`
	Oldest uint64            `json:"oldest" doc:"number of the oldest event that is kept"`

	Dropped uint64 `json:"dropped" doc:"number of events after after_seq that are missing on this page, because they are no longer kept"`
}

type eventInput struct {
	AfterSeq    uint64   `query:"after_seq" doc:"only events after this number" example:"41"`
	Limit       int      `query:"limit" minimum:"1" maximum:"10000" doc:"events of a page, 1000 by default; not for a stream"`
	Token       string   `query:"token" maxLength:"40" doc:"only events of this token: a serial number or a hardware id" example:"ZZFB00000001"`
	Kind        []string `query:"kind" maxItems:"100" doc:"only events of these kinds, separated by commas; see capabilities" example:"[\"press\",\"state\"]"`
	LastEventID string   `header:"Last-Event-ID" maxLength:"20" doc:"sent by a browser that reconnects; takes precedence over after_seq"`
}

func (s *server) events() {
	op := operation(http.MethodGet, "/v1/events", "events", "What happened, as JSON or as server-sent events")
	op.Metadata = map[string]any{offersKey: []string{"application/json", "text/event-stream"}}
	op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
		"application/json":  {Schema: s.api.OpenAPI().Components.Schemas.Schema(typeOf[eventPage](), true, "EventPage")},
		"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
	huma.Register(s.api, op, func(ctx context.Context, in *eventInput) (*huma.StreamResponse, error) {
		r, err := s.reader(in)
		if err != nil {
			return nil, fault(err)
		}
		if chosen(ctx) == "text/event-stream" {
			if in.Limit != 0 {
				return nil, invalid("query.limit", "limit has no effect: a stream does not end")
			}
			return &huma.StreamResponse{Body: r.stream}, nil
		}
		return &huma.StreamResponse{Body: func(ctx huma.Context) { r.page(ctx, cmp.Or(in.Limit, 1000)) }}, nil
	})
}

// eventReader reads the events of the log that a client has asked for.
type eventReader struct {
	fleet *fleet.Fleet
	after uint64 // the newest event that was looked at
	tag   uint32 // of the token; 0: all
	kinds map[virtual.EventKind]bool
	batch []fleet.Entry
}

// reader checks a client's query and returns the reader for it.
func (s *server) reader(in *eventInput) (*eventReader, error) {
	r := &eventReader{fleet: s.fleet, after: in.AfterSeq, kinds: map[virtual.EventKind]bool{}}
	where := "query.after_seq"
	if in.LastEventID != "" {
		where = "header.Last-Event-ID"
		var err error
		if r.after, err = strconv.ParseUint(in.LastEventID, 10, 64); err != nil {
			return nil, invalid(where, "not the number of an event")
		}
	}
	if newest := s.fleet.Log().Seq(); r.after > newest {
		return nil, invalid(where, fmt.Sprintf("there is no event %d yet, the newest is %d: is it the number of another fleet?", r.after, newest))
	}
	if in.Token != "" {
		m, err := s.fleet.Find(in.Token)
		if err != nil {
			return nil, err
		}
		r.tag = m.Tag()
	}
	for _, name := range in.Kind {
		kind, err := fleet.ParseEvent(name)
		if err != nil {
			return nil, invalid("query.kind", err.Error())
		}
		r.kinds[kind] = true
	}
	return r, nil
}

// next reads some of the log and returns the entries that match, at most as many as
// given. It also returns the number of events before them that were dropped from the log
// unread. At the end of the log, more is false.
func (r *eventReader) next(most int) (wanted []fleet.Entry, dropped uint64, more bool) {
	const batch = 1000
	r.batch = r.fleet.Log().After(r.batch[:0], r.after, batch)
	if len(r.batch) == 0 {
		return nil, 0, false
	}
	dropped = r.batch[0].Seq - r.after - 1
	for _, e := range r.batch {
		r.after = e.Seq
		if (r.tag == 0 || r.tag == e.Tag) && (len(r.kinds) == 0 || r.kinds[e.Kind]) {
			if wanted = append(wanted, e); len(wanted) == most {
				break
			}
		}
	}
	return wanted, dropped, true
}

// page writes events as JSON.
func (r *eventReader) page(ctx huma.Context, limit int) {
	log := r.fleet.Log()
	page := eventPage{Events: []fleet.EventLine{}, Seq: log.Seq(), Oldest: log.Oldest()}
	for len(page.Events) < limit && ctx.Context().Err() == nil {
		entries, dropped, more := r.next(limit - len(page.Events))
		page.Dropped += dropped
		if !more {
			break
		}
		for _, e := range entries {
			page.Events = append(page.Events, r.fleet.Line(e))
		}
	}
	page.Next = r.after
	ctx.SetHeader("Content-Type", "application/json")
	b, _ := marshal(page)
	_, _ = ctx.BodyWriter().Write(b)
}

// stream sends events until the client is gone or the fleet ends.
func (r *eventReader) stream(ctx huma.Context) {
	ctx.SetHeader("Content-Type", "text/event-stream")
	stream := webapi.Stream{
		Changed: func() <-chan struct{} { return r.fleet.Log().Changed(r.after) },
		Next:    r.nextLines,
		Allowed: allowed(ctx.Context()),
		Ended:   ended,
	}
	stream.Send(ctx.Context(), ctx.BodyWriter())
}

// nextLines appends some of the log as server-sent events.
func (r *eventReader) nextLines(out []byte) (events []byte, more bool) {
	entries, dropped, more := r.next(0)
	if dropped > 0 {
		out = fmt.Appendf(out, "event: dropped\ndata: {\"dropped\":%d,\"oldest\":%d}\n\n", dropped, r.batch[0].Seq)
	}
	for _, e := range entries {
		b, _ := marshal(r.fleet.Line(e))
		out = fmt.Appendf(out, "id: %d\ndata: %s\n", e.Seq, b)
	}
	return out, more
}
