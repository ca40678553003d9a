// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/strictjson"
	"github.com/d204ef64/fob/internal/webapi"
	"github.com/d204ef64/fob/internal/weblogin"
	"github.com/d204ef64/fob/line"
)

// isAPI reports whether a request is for the HTTP API.
func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/v1/") }

// checkKey lets only those requests for the HTTP API in that have the API key. A session
// is for pages.
func (s *server) checkKey(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !isAPI(r) || r.URL.Path == "/v1/healthz":
		case !webapi.HasKey(r, s.o.Key):
			w.Header().Set("WWW-Authenticate", `Bearer realm="line"`)
			webapi.NewProblem(http.StatusUnauthorized, "unauthorized", "send the API key, as Authorization: Bearer KEY").Write(w)
			return
		case !webapi.IsClean(r.URL):
			webapi.NewProblem(http.StatusNotFound, "not_found", "the path has an empty or a dot segment: is the name of a station missing?").Write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// api adds the operations for programs.
func (s *server) api(mux *http.ServeMux) {
	get := func(path string, h http.HandlerFunc, query ...string) {
		mux.HandleFunc("GET "+path, checked(h, query...))
	}
	get("/v1/healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]bool{"ok": true}) })
	get("/v1/stations", s.listStations)
	get("/v1/stations/{station}", func(w http.ResponseWriter, r *http.Request) {
		if one := s.station(w, r); one != nil {
			answer(w, one.view.Status())
		}
	})
	get("/v1/stations/{station}/units", func(w http.ResponseWriter, r *http.Request) {
		if one := s.station(w, r); one != nil {
			answer(w, struct {
				Items []line.RecentUnit `json:"items"`
			}{append([]line.RecentUnit{}, one.view.Recent()...)})
		}
	})
	get("/v1/stations/{station}/events", s.events, "after_seq", "limit")
	mux.HandleFunc("POST /v1/stations/{station}/labels", checked(s.postLabel))
	mux.HandleFunc("POST /v1/links", checked(s.postLink))
}

// checked refuses requests of which a part would be ignored.
func checked(h http.HandlerFunc, query ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if p := webapi.CheckQuery(r.URL.RawQuery); p != nil {
			p.Write(w)
			return
		}
		for _, name := range slices.Sorted(maps.Keys(r.URL.Query())) {
			if !slices.Contains(query, name) {
				webapi.Invalid("query."+name, "unexpected query parameter").Write(w)
				return
			}
		}
		h(w, r)
	}
}

// answer writes a value as JSON.
func answer(w http.ResponseWriter, v any) {
	var b bytes.Buffer
	if err := strictjson.Format.Marshal(&b, v); err != nil {
		webapi.NewProblem(http.StatusInternalServerError, "internal", err.Error()).Write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b.Bytes()) // an error means that the client has gone
}

func (s *server) listStations(w http.ResponseWriter, r *http.Request) {
	list, err := s.stations(r.Context())
	if err != nil {
		webapi.NewProblem(http.StatusServiceUnavailable, "ledger_unavailable", err.Error()).Write(w)
		return
	}
	answer(w, struct {
		Items []stationStatus `json:"items"`
	}{append([]stationStatus{}, list...)})
}

// labelRequest is the body of a label that was taken or scanned.
type labelRequest struct {
	Entry string `json:"entry"` // a serial number, or the number of a port
}

// labelAnswer is the label that was confirmed.
type labelAnswer struct {
	Number int    `json:"number,omitempty"`
	Serial string `json:"serial,omitempty"`
}

// maxBody is the largest body of a request in bytes.
const maxBody = 4096

func (s *server) postLabel(w http.ResponseWriter, r *http.Request) {
	one := s.station(w, r)
	if one == nil {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		webapi.NewProblem(http.StatusRequestEntityTooLarge, "too_large", "the body has more than "+strconv.Itoa(maxBody)+" bytes").Write(w)
		return
	case err != nil:
		return // the client has gone
	}
	var in labelRequest
	if err := strictjson.Format.Unmarshal(body, &in); err != nil {
		webapi.Invalid("body", err.Error()).Write(w)
		return
	}
	e := one.enter(in.Entry)
	switch e.code {
	case "":
		answer(w, labelAnswer{e.number, e.serial})
	case codeEmpty:
		webapi.Invalid("body.entry", "want a serial number or the number of a port").Write(w)
	default:
		webapi.NewProblem(http.StatusConflict, e.code, e.err.Error()).Write(w)
	}
}

// postLink makes a link that logs a browser in.
func (s *server) postLink(w http.ResponseWriter, r *http.Request) {
	path, expires := s.gate.NewLink()
	answer(w, struct {
		URL     string    `json:"url"`
		Expires time.Time `json:"expires"`
	}{weblogin.LinkTo(r, path), expires.UTC()})
}

// eventPage is a part of the events.
type eventPage struct {
	Events  []line.Event `json:"events"`
	Run     string       `json:"run"`     // of the station; seq begins with 1 in each
	Seq     uint64       `json:"seq"`     // number of the newest event
	Next    uint64       `json:"next"`    // after_seq of the following page
	Oldest  uint64       `json:"oldest"`  // number of the oldest event that is kept
	Dropped uint64       `json:"dropped"` // events after after_seq that are missing
}

const (
	pageEvents    = 1000 // of a page without a limit
	maxPageEvents = 10_000
	batchEvents   = 500 // that a stream sends at once
)

// events writes events as JSON, or with Accept: text/event-stream as a stream.
func (s *server) events(w http.ResponseWriter, r *http.Request) {
	one := s.station(w, r)
	if one == nil {
		return
	}
	after, restarted, p := one.position(r)
	if p != nil {
		p.Write(w)
		return
	}
	limit := r.URL.Query().Get("limit")
	if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		if limit != "" {
			webapi.Invalid("query.limit", "limit has no effect: a stream does not end").Write(w)
			return
		}
		one.stream(w, r, after, restarted)
		return
	}
	most := pageEvents
	if limit != "" {
		var err error
		if most, err = strconv.Atoi(limit); err != nil || most < 1 || most > maxPageEvents {
			webapi.Invalid("query.limit", "want 1 to "+strconv.Itoa(maxPageEvents)).Write(w)
			return
		}
	}
	oldest, newest := one.kept()
	page := eventPage{Events: append([]line.Event{}, one.after(after, most)...), Run: one.run, Seq: newest, Oldest: oldest, Next: after}
	if n := len(page.Events); n > 0 {
		page.Dropped, page.Next = page.Events[0].Seq-after-1, page.Events[n-1].Seq
	}
	answer(w, page)
}

// position returns the number of the last event that a client has. Restarted is set if it
// is of another run: its number does not count, and events between the runs are lost.
func (s *Station) position(r *http.Request) (after uint64, restarted bool, p *webapi.Problem) {
	where, text := "query.after_seq", r.URL.Query().Get("after_seq")
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		run, seq, _ := strings.Cut(id, "-")
		if run != s.run {
			return 0, true, nil
		}
		where, text = "header.Last-Event-ID", seq
	}
	if text == "" {
		return 0, false, nil
	}
	after, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, false, webapi.Invalid(where, "not the number of an event")
	}
	if _, newest := s.kept(); after > newest {
		return 0, false, webapi.Invalid(where, fmt.Sprintf("there is no event %d yet, the newest is %d: is it the number of another run?", after, newest))
	}
	return after, false, nil
}

// stream sends events as they happen. Lost events are an event of their own.
func (s *Station) stream(w http.ResponseWriter, r *http.Request, after uint64, restarted bool) {
	w.Header().Set("Content-Type", "text/event-stream")
	stream := webapi.Stream{
		Changed: s.next, Ended: ended, Patience: patience,
		Next: func(out []byte) ([]byte, bool) {
			if restarted {
				restarted = false
				out = fmt.Appendf(out, "event: restarted\ndata: {\"run\":%q}\n\n", s.run)
			}
			list := s.after(after, batchEvents)
			for i, e := range list {
				if i == 0 && e.Seq > after+1 {
					out = fmt.Appendf(out, "event: dropped\ndata: {\"dropped\":%d,\"oldest\":%d}\n\n", e.Seq-after-1, e.Seq)
				}
				text, err := json.Marshal(e)
				if err != nil {
					panic("page: internal error: " + err.Error())
				}
				out = fmt.Appendf(out, "id: %s-%d\ndata: %s\n\n", s.run, e.Seq, text)
				after = e.Seq
			}
			return out, len(list) == batchEvents
		},
	}
	stream.Send(r.Context(), w)
}
