// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// clock is the world's clock in the answers of the API.
type clock struct {
	Mode   string    `json:"mode"`
	Rate   float64   `json:"rate"`
	Paused bool      `json:"paused"`
	Ended  bool      `json:"ended"`
	Now    time.Time `json:"now"`
	Seq    uint64    `json:"seq"`
}

// speed returns how many seconds of the world pass in one of the machine.
func (c clock) speed() float64 {
	if c.Paused || c.Ended {
		return 0
	}
	return c.Rate
}

// face is a token on the wall.
type face struct {
	Tag        uint64  `json:"tag"`
	HardwareID string  `json:"hardware_id"`
	Serial     string  `json:"serial"`
	Model      string  `json:"model"`
	State      string  `json:"state"`
	Display    string  `json:"display"`
	LeftMS     int64   `json:"left_ms"`
	ErrorMS    int64   `json:"error_ms"`
	ClockSet   bool    `json:"clock_set"`
	Battery    float64 `json:"battery"`

	view virtual.View
	due  time.Time // when the display changes by itself; zero: never
}

// name returns the serial number, or the hardware id of a token that has none.
func (f *face) name() string {
	if f.Serial != "" {
		return f.Serial
	}
	return f.HardwareID
}

// displayed is the part of a display that the wall needs.
type displayed struct {
	View virtual.View `json:"view"`
}

// barPeriod divides the time between two changes of the countdown on the usual displays:
// six bars in 60 or 30 s.
const barPeriod = 5 * time.Second

// look reads a token's display, and computes when it changes next.
func (f *face) look(ctx context.Context, c *control.Client, rate float64) error {
	var d displayed
	if err := c.Do(ctx, http.MethodGet, tokenPath(f.HardwareID, "/display"), nil, &d); err != nil {
		return err
	}
	f.view, f.due = d.View, time.Time{}
	if rate == 0 {
		return nil
	}
	wait := time.Duration(0)
	switch {
	case len(f.view.Fade) > 0: // the segments are on their way
		wait = 50 * time.Millisecond
	case f.LeftMS > 0:
		wait = time.Duration(f.LeftMS)*time.Millisecond%barPeriod + time.Millisecond
	default:
		return nil
	}
	f.due = time.Now().Add(max(time.Duration(float64(wait)/rate), leastGap/2))
	return nil
}

func tokenPath(name, rest string) string { return "/v1/tokens/" + url.PathEscape(name) + rest }

// request is the work of a request. It runs in a goroutine of its own, and returns a
// change of the wall for the loop.
type request func(context.Context) (func(*wall), error)

// readPage returns a request for the clock, the number of tokens and the tokens of the
// page.
func (w *wall) readPage() request {
	client, after, limit := w.o.Client, w.m.after, w.m.capacity()
	return func(ctx context.Context) (func(*wall), error) { return readPage(ctx, client, after, limit) }
}

func readPage(ctx context.Context, client *control.Client, after uint64, limit int) (func(*wall), error) {
	var c clock
	if err := client.Do(ctx, http.MethodGet, "/v1/time", nil, &c); err != nil {
		return nil, err
	}
	at := time.Now()
	var about struct{ Tokens int }
	if err := client.Do(ctx, http.MethodGet, "/v1/capabilities", nil, &about); err != nil {
		return nil, err
	}
	faces, err := list(ctx, client, after, limit)
	if err != nil {
		return nil, err
	}
	for i := range faces {
		if err := faces[i].look(ctx, client, c.speed()); err != nil {
			return nil, err
		}
	}
	return func(w *wall) {
		w.m.clock, w.m.at, w.m.total = c, at, about.Tokens
		if w.m.after != after { // turned meanwhile
			return
		}
		w.m.show(faces)
		if len(faces) == 0 && after > 0 { // the last page has gone
			w.m.after = 0
			w.page()
		}
	}, nil
}

// list reads the tokens after a tag.
func list(ctx context.Context, client *control.Client, after uint64, limit int) ([]face, error) {
	q := url.Values{"limit": {strconv.Itoa(limit)}}
	if after > 0 {
		q.Set("after", strconv.FormatUint(after, 10))
	}
	var page struct{ Items []face }
	err := client.Do(ctx, http.MethodGet, "/v1/tokens?"+q.Encode(), nil, &page)
	return page.Items, err
}

// readSome returns a request for some tokens of the page.
func (w *wall) readSome(ids map[string]bool) request {
	client, rate := w.o.Client, w.m.clock.speed()
	return func(ctx context.Context) (func(*wall), error) {
		var faces []face
		for id := range ids {
			var f face
			if err := client.Do(ctx, http.MethodGet, tokenPath(id, ""), nil, &f); err != nil {
				return nil, err
			}
			if err := f.look(ctx, client, rate); err != nil {
				return nil, err
			}
			faces = append(faces, f)
		}
		return func(w *wall) {
			for _, f := range faces {
				if i := w.m.find(f.HardwareID); i >= 0 {
					w.m.faces[i] = f
				}
			}
		}, nil
	}
}

// change returns a request that changes something. The wall shows the message done when
// the request succeeds; the effect arrives with the fleet's events.
func (w *wall) change(done, method, path string, body any) request {
	client := w.o.Client
	return func(ctx context.Context) (func(*wall), error) {
		if err := client.Do(ctx, method, path, body, nil); err != nil {
			return nil, err
		}
		return func(w *wall) { w.m.say(done, false) }, nil
	}
}

// find returns a request for a token, which turns to a page that begins with it.
func (w *wall) find(name string) request {
	client := w.o.Client
	return func(ctx context.Context) (func(*wall), error) {
		var f face
		if err := client.Do(ctx, http.MethodGet, tokenPath(name, ""), nil, &f); err != nil {
			return nil, err
		}
		return func(w *wall) {
			if i := w.m.find(f.HardwareID); i >= 0 {
				w.m.sel = i
				return
			}
			w.m.after, w.m.sel = f.Tag-1, 0
			w.page()
		}, nil
	}
}
