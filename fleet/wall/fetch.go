// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"context"
	"math"
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

// query selects the tokens of a page.
type query struct {
	after, before uint64 // at most one is used
	find          string // a part of the name; "": all
	limit         int
}

// noTag is greater than every tag.
const noTag = math.MaxUint32

// readPage returns a request for the clock, the number of tokens and the tokens of the
// page.
func (w *wall) readPage() request {
	client, q := w.o.Client, query{after: w.m.after, find: w.m.filter(), limit: w.m.capacity()}
	return func(ctx context.Context) (func(*wall), error) { return readPage(ctx, client, q) }
}

func readPage(ctx context.Context, client *control.Client, q query) (func(*wall), error) {
	var c clock
	if err := client.Do(ctx, http.MethodGet, "/v1/time", nil, &c); err != nil {
		return nil, err
	}
	at := time.Now()
	var about struct{ Tokens int }
	if err := client.Do(ctx, http.MethodGet, "/v1/capabilities", nil, &about); err != nil {
		return nil, err
	}
	faces, next, err := list(ctx, client, q)
	if err != nil {
		return nil, err
	}
	first, short := q.after == 0, 0
	if n := len(faces); !first && n < q.limit { // the last page is full too: it begins earlier
		q.before = noTag
		if faces, first, err = listBefore(ctx, client, q); err != nil {
			return nil, err
		}
		short = max(len(faces)-n, 0)
	}
	for i := range faces {
		if err := faces[i].look(ctx, client, c.speed()); err != nil {
			return nil, err
		}
	}
	return func(w *wall) {
		w.m.clock, w.m.at, w.m.total = c, at, about.Tokens
		if w.m.after != q.after || w.m.filter() != q.find { // turned meanwhile
			return
		}
		old := w.m.selected()
		w.m.next, w.m.found = next, q.find
		if w.turned {
			w.m.sel += short
		}
		if w.m.after = 0; !first {
			w.m.after = faces[0].Tag - 1
		}
		if all := w.m.show(faces); !all && short > 0 { // the end of the page does not fit
			w.m.after = noTag
			w.page()
			return
		}
		if old != nil && !w.turned {
			if i := w.m.find(old.HardwareID); i >= 0 {
				w.m.sel = i
			}
		}
		w.turned = false
	}, nil
}

// list reads tokens, and reports whether more follow.
func list(ctx context.Context, client *control.Client, q query) (faces []face, next bool, err error) {
	v := url.Values{"limit": {strconv.Itoa(q.limit)}}
	if q.after > 0 {
		v.Set("after", strconv.FormatUint(q.after, 10))
	}
	if q.before > 0 {
		v.Set("before", strconv.FormatUint(q.before, 10))
	}
	if q.find != "" {
		v.Set("find", q.find)
	}
	var page struct {
		Items []face
		Next  string
	}
	err = client.Do(ctx, http.MethodGet, "/v1/tokens?"+v.Encode(), nil, &page)
	return page.Items, page.Next != "", err
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

// listBefore reads the last tokens before a tag, and reports whether the first token is
// one of them.
func listBefore(ctx context.Context, client *control.Client, q query) (faces []face, first bool, err error) {
	limit := q.limit
	q.after, q.limit = 0, limit+1
	if faces, _, err = list(ctx, client, q); err != nil || len(faces) <= limit {
		return faces, true, err
	}
	return faces[1:], false, nil
}

// previous returns a request that turns to the page before a tag.
func (w *wall) previous(tag uint64) request {
	client, q := w.o.Client, query{before: tag, find: w.m.filter(), limit: w.m.capacity()}
	return func(ctx context.Context) (func(*wall), error) {
		faces, first, err := listBefore(ctx, client, q)
		if err != nil {
			return nil, err
		}
		return func(w *wall) {
			switch {
			case w.m.filter() != q.find || len(faces) == 0: // another search meanwhile
			case first:
				w.turn(0, len(faces)-1)
			default:
				w.turn(faces[0].Tag-1, len(faces)-1)
			}
		}, nil
	}
}

// find returns a request for the first token with a text in its names, which turns to it
// and ends the search.
func (w *wall) find(text string) request {
	client := w.o.Client
	return func(ctx context.Context) (func(*wall), error) {
		faces, _, err := list(ctx, client, query{find: text, limit: 1})
		if err != nil {
			return nil, err
		}
		return func(w *wall) {
			if !w.m.searching || w.m.filter() != text { // it was changed meanwhile
				return
			}
			if w.m.searching = false; len(faces) > 0 {
				w.turn(faces[0].Tag-1, 0)
				return
			}
			w.m.say("no token has "+text+" in its serial number", true)
			w.turn(w.m.left.after, w.m.left.sel)
		}, nil
	}
}
