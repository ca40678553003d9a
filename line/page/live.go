// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/internal/webapi"
)

const (
	frameTime = 100 * time.Millisecond // shortest time between two updates of a page
	beatTime  = 5 * time.Second        // a browser that hears nothing for longer is not connected
	patience  = 30 * time.Second       // for a browser that does not read
)

// update is a message to a page.
type update struct {
	Parts    map[string]string `json:"parts,omitempty"` // HTML of elements by id
	Class    map[string]string `json:"class,omitempty"` // classes of elements by id
	Announce []announcement    `json:"announce,omitempty"`
}

// announcement is a change that a page announces with a sound, and to screen readers.
type announcement struct {
	Sound string `json:"sound"` // pass, fail, known, label or ""
	Text  string `json:"text"`
}

// live is the stream of one page. It always sends the current state: a browser that is
// slow gets fewer updates, and none is kept for it.
type live struct {
	site    *ui.Site
	page    string
	lang    string
	sent    map[string][]byte
	classes map[string]string
	next    update
	err     error
}

// part renders an element, and adds it to the update if it has changed.
func (l *live) part(id, template string, data any) {
	text, err := l.site.Render(l.lang, l.page, template, data)
	if err != nil {
		l.err = err
		return
	}
	if bytes.Equal(l.sent[id], text) && l.sent[id] != nil {
		return
	}
	l.sent[id] = text
	if l.next.Parts == nil {
		l.next.Parts = map[string]string{}
	}
	l.next.Parts[id] = string(text)
}

// class adds the classes of an element to the update if they have changed.
func (l *live) class(id, class string) {
	if l.classes[id] == class {
		return
	}
	l.classes[id] = class
	if l.next.Class == nil {
		l.next.Class = map[string]string{}
	}
	l.next.Class[id] = class
}

// announce adds an announcement to the update.
func (l *live) announce(sound, text string) {
	l.next.Announce = append(l.next.Announce, announcement{sound, text})
}

// serveLive sends a page its updates. Changed is closed when fill may add something.
func (s *server) serveLive(w http.ResponseWriter, r *http.Request, page string, changed func() <-chan struct{}, fill func(ctx context.Context, l *live)) {
	ctx := r.Context()
	l := &live{site: s.site, page: page, lang: ui.LanguageOf(r, ""), sent: map[string][]byte{}, classes: map[string]string{}}
	w.Header().Set("Content-Type", "text/event-stream")
	var last time.Time
	stream := webapi.Stream{
		Changed: changed, Allowed: func() bool { return s.gate.HasSession(r) }, Ended: ended, Every: beatTime, Beat: "event: beat\ndata: {}\n\n", Patience: patience,
		Next: func(out []byte) ([]byte, bool) {
			select { // changes that follow one another come together
			case <-time.After(frameTime - time.Since(last)):
			case <-ctx.Done():
			}
			last = time.Now()
			l.next = update{}
			fill(ctx, l)
			if l.err != nil {
				s.o.Event(l.err)
				l.err = nil
			}
			if l.next.Parts == nil && l.next.Class == nil && l.next.Announce == nil {
				return out, false
			}
			text, err := json.Marshal(l.next)
			if err != nil {
				s.o.Event(err)
				return out, false
			}
			return fmt.Appendf(out, "event: update\ndata: %s\n\n", text), false
		},
	}
	stream.Send(ctx, w)
}
