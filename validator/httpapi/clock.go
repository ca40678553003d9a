// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/token"
)

// timestamp is an instant. In JSON it is a number of seconds since 1970 or an RFC 3339
// string.
type timestamp token.UnixSeconds

var errTimestamp = errors.New("want seconds since 1970 or a time as defined by RFC 3339")

// lastInstant is 9999-12-31T23:59:59Z, the last instant that RFC 3339 can represent.
const lastInstant = 253402300799

func (w *timestamp) UnmarshalJSON(b []byte) error {
	var n int64
	if json.Unmarshal(b, &n) != nil {
		var s string
		if json.Unmarshal(b, &s) != nil {
			return errTimestamp
		}
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return errTimestamp
		}
		n = t.Unix()
	}
	if n < 0 || n > lastInstant {
		return errTimestamp
	}
	*w = timestamp(n)
	return nil
}

// Schema describes both forms.
func (timestamp) Schema(huma.Registry) *huma.Schema {
	least, most := 0.0, float64(lastInstant)
	return &huma.Schema{
		AnyOf: []*huma.Schema{
			{Type: huma.TypeInteger, Minimum: &least, Maximum: &most, Description: "seconds since 1970"},
			{Type: huma.TypeString, Format: "date-time"},
		},
	}
}

type clockInput struct {
	Body struct {
		Now     *timestamp `json:"now,omitempty"`
		Advance *int64     `json:"advance_seconds,omitempty" minimum:"-315360000000" maximum:"315360000000"`
	}
}

type clockView struct {
	Now  string            `json:"now" format:"date-time"`
	Unix token.UnixSeconds `json:"unix"`
}

// clock adds the operations that read and set the bank's clock, for tests.
func (s *server) clock() {
	view := func() *body[clockView] {
		now := s.o.Clock.Now()
		return &body[clockView]{clockView{Now: time.Unix(int64(now), 0).UTC().Format(time.RFC3339), Unix: now}}
	}
	add(s, endpoint{
		method: http.MethodGet, path: "/v1/clock", id: "getClock", role: checkRole | clerkRole,
		summary: "TEST MODE: get the bank's clock",
	}, func(ctx context.Context, req *request, _ *nothing) (*body[clockView], error) {
		return view(), nil
	})
	add(s, endpoint{
		method: http.MethodPost, path: "/v1/clock", id: "setClock", role: checkRole | clerkRole,
		summary: "TEST MODE: set the bank's clock",
	}, func(ctx context.Context, req *request, in *clockInput) (*body[clockView], error) {
		if (in.Body.Now == nil) == (in.Body.Advance == nil) {
			return nil, invalid("body.now", "give either now or advance_seconds")
		}
		var to token.UnixSeconds
		if in.Body.Now != nil {
			to = token.UnixSeconds(*in.Body.Now)
		} else {
			to = s.o.Clock.Now() + token.UnixSeconds(*in.Body.Advance)
		}
		if to < 0 || to > lastInstant {
			return nil, invalid("body.advance_seconds", "the resulting time is before 1970 or after 9999")
		}
		s.o.Clock.Set(to)
		return view(), nil
	})
}
