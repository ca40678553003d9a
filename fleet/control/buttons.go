// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

type pressInput struct {
	ByToken
	Body *struct {
		Hold string `json:"hold,omitempty" maxLength:"60" example:"5s" doc:"how long the button stays down, in world time; a click by default"`
	}
}

// displayView is a display, segment by segment.
type displayView struct {
	Stamp
	Text     string       `json:"text" doc:"the readable text, one character for each position" example:"483920"`
	State    string       `json:"state" doc:"stage of the token's life cycle" example:"LOCKED"`
	View     virtual.View `json:"view" doc:"every segment"`
	Readable bool         `json:"readable" doc:"the contrast is high enough to be read"`
}

type displayOutput struct {
	ContentType string `header:"Content-Type"`
	Seq         uint64 `header:"X-Seq"`
	Body        []byte
}

func (s *server) buttons() {
	add(s, http.MethodPost, "/v1/tokens/{token}/press", "press", "Press the button; a press while the display is on turns it off",
		func(_ context.Context, in *pressInput) (*body[TokenView], error) {
			if in.Body == nil || in.Body.Hold == "" {
				return s.do(in.Token, (*virtual.Token).Press)
			}
			d, err := period("body.hold", in.Body.Hold, 0, time.Hour)
			if err != nil {
				return nil, err
			}
			return s.do(in.Token, func(t *virtual.Token) { t.Hold(d) })
		})
	op := operation(http.MethodGet, "/v1/tokens/{token}/display", "display", "The display, as JSON, text, SVG or PNG")
	op.Metadata = map[string]any{offersKey: []string{"application/json", "text/plain", "image/svg+xml", "image/png"}}
	op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
		"application/json": {Schema: s.api.OpenAPI().Components.Schemas.Schema(typeOf[displayView](), true, "Display")},
		"text/plain":       {Schema: &huma.Schema{Type: huma.TypeString}},
		"image/svg+xml":    {Schema: &huma.Schema{Type: huma.TypeString}},
		"image/png":        {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}}
	huma.Register(s.api, op, func(ctx context.Context, in *ByToken) (*displayOutput, error) {
		out, err := s.display(in, chosen(ctx))
		if err != nil {
			return nil, fault(err)
		}
		return out, nil
	})
}

// display draws a display in the form of a media type.
func (s *server) display(in *ByToken, kind string) (out *displayOutput, err error) {
	m, err := s.fleet.Find(in.Token)
	if err != nil {
		return nil, err
	}
	st := m.Look()
	out = &displayOutput{Seq: st.Seq, ContentType: kind}
	switch kind {
	case "text/plain":
		out.ContentType, out.Body = "text/plain; charset=utf-8", []byte(st.Text+"\n")
	case "image/svg+xml":
		out.Body = st.View.SVG(virtual.Picture{})
	case "image/png":
		out.Body, err = st.View.PNG(virtual.Picture{})
	default:
		out.ContentType = "application/json"
		out.Body, err = marshal(displayView{
			Stamp: stampOf(st), Text: st.Text, State: st.State.String(), View: st.View, Readable: st.View.Readable(),
		})
	}
	return out, err
}

// period reads a period of a request that lies between two limits.
func period(where, text string, least, most time.Duration) (time.Duration, error) {
	d, err := fleet.ParsePeriod(text)
	tooLong := errors.Is(err, fleet.ErrTooLong)
	if err != nil && !tooLong {
		return 0, err
	}
	if tooLong || d < least || d > most {
		return 0, invalid(where, "a period of "+strconv.Quote(text)+": want "+limit(least)+" to "+limit(most))
	}
	return d, nil
}

// limit writes the limit of a period.
func limit(d time.Duration) string {
	if years := d / virtual.Year; d != 0 && d%virtual.Year == 0 {
		return strconv.Itoa(int(years)) + " years"
	}
	return fleet.FormatPeriod(d)
}
