// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/fleet"
)

// eventPage is a part of the log.
type eventPage struct {
	Events []fleet.EventLine `json:"events" nullable:"false" doc:"oldest first"`
	Seq    uint64            `json:"seq" doc:"number of the newest event; give the last of the page as after_seq for the next"`
	Oldest uint64            `json:"oldest" doc:"number of the oldest event that is kept"`
}

type eventInput struct {
	AfterSeq    uint64 `query:"after_seq" doc:"only events after this number" example:"41"`
	Limit       int    `query:"limit" minimum:"1" maximum:"10000" default:"1000" doc:"events of a page"`
	Accept      string `header:"Accept" maxLength:"200" doc:"text/event-stream for a stream that does not end"`
	LastEventID string `header:"Last-Event-ID" maxLength:"20" doc:"sent by a browser that reconnects"`
}

func (s *server) events() {
	op := operation(http.MethodGet, "/v1/events", "events", "What happened, as JSON or as server-sent events")
	op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
		"application/json":  {Schema: s.api.OpenAPI().Components.Schemas.Schema(typeOf[eventPage](), true, "EventPage")},
		"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
	huma.Register(s.api, op, func(_ context.Context, in *eventInput) (*huma.StreamResponse, error) {
		after := in.AfterSeq
		if n, err := strconv.ParseUint(in.LastEventID, 10, 64); err == nil {
			after = n
		}
		if strings.Contains(in.Accept, "text/event-stream") {
			return &huma.StreamResponse{Body: func(ctx huma.Context) { s.stream(ctx, after) }}, nil
		}
		return &huma.StreamResponse{Body: func(ctx huma.Context) {
			log := s.fleet.Log()
			page := eventPage{Events: []fleet.EventLine{}, Seq: log.Seq(), Oldest: log.Oldest()}
			for _, e := range log.After(nil, after, in.Limit) {
				page.Events = append(page.Events, s.fleet.Line(e))
			}
			ctx.SetHeader("Content-Type", "application/json")
			b, _ := marshal(page)
			_, _ = ctx.BodyWriter().Write(b)
		}}, nil
	})
}

// keepAlive is how often an idle stream sends a comment, so that proxies keep it open.
const keepAlive = 15 * time.Second

// stream sends events until the client is gone.
func (s *server) stream(ctx huma.Context, after uint64) {
	ctx.SetHeader("Content-Type", "text/event-stream")
	w := ctx.BodyWriter()
	flush := func() {
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
	}
	flush()
	log := s.fleet.Log()
	const batch = 1000
	var entries []fleet.Entry
	var out []byte
	for {
		changed := log.Changed(after)
		entries, out = log.After(entries[:0], after, batch), out[:0]
		for _, e := range entries {
			b, _ := marshal(s.fleet.Line(e))
			out = append(out, "id: "+strconv.FormatUint(e.Seq, 10)+"\ndata: "...)
			out = append(append(out, b...), '\n')
			after = e.Seq
		}
		if len(out) > 0 {
			if _, err := w.Write(out); err != nil {
				return
			}
			flush()
			continue
		}
		select {
		case <-changed:
		case <-time.After(keepAlive):
			if _, err := w.Write([]byte(": \n\n")); err != nil {
				return
			}
			flush()
		case <-ctx.Context().Done():
			return
		}
	}
}
