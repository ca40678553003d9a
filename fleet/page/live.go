// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/internal/webapi"
	"github.com/d204ef64/fob/virtual"
)

const (
	frameTime = 100 * time.Millisecond // shortest time between two updates of a page
	beatTime  = 5 * time.Second        // a browser that hears nothing for longer is not connected
	patience  = 30 * time.Second       // for a browser that does not read
	clockTime = 5 * time.Second        // the age from which an update has the clock again
)

// update is a message to a page. It has only the parts that have changed.
type update struct {
	Run    string            `json:"run,omitempty"` // of the server, in the first update
	Clock  *clockView        `json:"clock,omitempty"`
	Faces  []face            `json:"faces,omitempty"`
	Gone   []uint32          `json:"gone,omitempty"` // tags
	Count  *count            `json:"count,omitempty"`
	Events []fleet.EventLine `json:"events,omitempty"`
	Token  *tokenNow         `json:"token,omitempty"`
}

func (u *update) empty() bool {
	return u.Run == "" && u.Clock == nil && u.Faces == nil && u.Gone == nil && u.Count == nil && u.Events == nil && u.Token == nil
}

// count is the number of tokens.
type count struct {
	All   int  `json:"all"`   // in the fleet
	Shown int  `json:"shown"` // on the page
	More  bool `json:"more"`  // more tokens are selected than a page shows
}

// tokenNow is the token of a page, with its display.
type tokenNow struct {
	control.TokenView
	Display virtual.View `json:"display"`
	Face    face         `json:"face"`
}

// view has the state that a page shows. The stream asks it for the changes.
type view interface {
	// fill adds changes to the update. Entries are the new ones of the log; lost is set if
	// some are missing. It returns when the display changes next by itself, and whether
	// more changes wait for the next update.
	fill(u *update, now virtual.WorldTime, entries []fleet.Entry, lost bool) (next virtual.WorldTime, more bool)
}

// live is the stream of messages to one page. It always sends the present state: a browser
// that is slow gets fewer updates, and none is kept for it.
type live struct {
	*server
	view  view
	bell  *bell
	seq   uint64 // the newest entry of the log that the page has got
	last  time.Time
	lang  string
	clock time.Time // when the clock was sent
	first bool
	batch []fleet.Entry
}

// live sends a page its messages.
func (s *server) live(w http.ResponseWriter, r *http.Request) {
	l := &live{server: s, bell: newBell(s.fleet), first: true, lang: ui.LanguageOf(r, "")}
	defer l.bell.stop()
	seen := s.lastSeen(r)
	l.seq = s.fleet.Log().Seq()
	var err error
	switch q := r.URL.Query(); q.Get("page") {
	case "wall":
		l.view, err = s.newWallView(q)
	case "token":
		l.view = s.newTokenView(q.Get("token"), seen)
	default:
		err = webapi.Invalid("query.page", "want wall or token")
	}
	if err != nil {
		webapi.Invalid("query", err.Error()).Write(w)
		return
	}
	ctx := r.Context()
	w.Header().Set("Content-Type", "text/event-stream")
	stream := webapi.Stream{
		Changed: func() <-chan struct{} { return l.bell.listen(ctx, l.seq) },
		Next:    func(out []byte) ([]byte, bool) { return l.next(ctx, out) },
		Allowed: func() bool { return s.gate.HasSession(r) },
		Ended:   ended, Every: beatTime, Beat: "event: beat\ndata: {}\n\n", Patience: patience,
	}
	stream.Send(ctx, w)
}

// lastSeen returns the number of the newest entry of the log that a page had before its
// connection broke, 0 if it has none of this process.
func (s *server) lastSeen(r *http.Request) uint64 {
	run, seq, _ := strings.Cut(r.Header.Get("Last-Event-ID"), "-")
	n, err := strconv.ParseUint(seq, 10, 64)
	if err != nil || run != s.run || n > s.fleet.Log().Seq() {
		return 0
	}
	return n
}

// next appends an update. It reports whether there is more at once.
func (l *live) next(ctx context.Context, out []byte) ([]byte, bool) {
	select { // changes that follow one another come together
	case <-time.After(frameTime - time.Since(l.last)):
	case <-ctx.Done():
	}
	l.last = time.Now()
	var u update
	if l.first {
		u.Run = l.run
	}
	entries, lost := l.entries()
	next, more := l.view.fill(&u, l.fleet.World().Now(), entries, lost)
	more = more && ctx.Err() == nil // otherwise a fast clock would keep a page that is to end
	l.bell.ringAt(next)
	stale := l.last.Sub(l.clock) >= clockTime && !u.empty()
	for _, e := range entries {
		stale = stale || e.Tag == 0
	}
	if l.first || lost || stale {
		u.Clock, l.clock = l.clockNow(l.lang), l.last
	}
	l.first = false
	if u.empty() {
		return out, more
	}
	text, err := json.Marshal(u)
	if err != nil {
		l.o.Event(err)
		return out, more
	}
	return fmt.Appendf(out, "id: %s-%d\nevent: update\ndata: %s\n\n", l.run, l.seq, text), more
}

// maxEntries is the largest number of new entries of the log that a page looks at. If there
// are more, it looks at all of its tokens instead.
const maxEntries = 10_000

// entries returns the new entries of the log.
func (l *live) entries() (entries []fleet.Entry, lost bool) {
	log := l.fleet.Log()
	if newest := log.Seq(); newest-l.seq > maxEntries {
		l.seq = newest
		return nil, true
	}
	l.batch = log.After(l.batch[:0], l.seq, maxEntries)
	if n := len(l.batch); n > 0 {
		lost = l.batch[0].Seq != l.seq+1
		l.seq = l.batch[n-1].Seq
	}
	return l.batch, lost
}

// tokenView is the view of a token's page.
type tokenView struct {
	fleet   *fleet.Fleet
	member  fleet.Member
	gone    bool
	told    bool
	seen    uint64 // entries of the log that the page has already
	first   bool
	next    virtual.WorldTime
	renewal renewal
	face    face
}

// oldEvents is the number of earlier events of the token that its page shows.
const oldEvents = 100

// newTokenView returns the view of a token. If there is none, the page learns it.
func (s *server) newTokenView(name string, seen uint64) *tokenView {
	m, err := s.fleet.Find(name)
	return &tokenView{fleet: s.fleet, member: m, gone: err != nil, seen: seen, first: true}
}

func (v *tokenView) fill(u *update, now virtual.WorldTime, entries []fleet.Entry, lost bool) (virtual.WorldTime, bool) {
	if v.gone {
		if !v.told {
			u.Gone, v.told = []uint32{v.tag()}, true
		}
		return virtual.Forever, false
	}
	st := v.member.Look()
	changed := v.first || lost || v.next <= now
	renewed := v.renewal.due(v.fleet.World(), entries)
	if v.first {
		u.Events = v.earlier(st.Seq)
	}
	for _, e := range entries {
		if e.Tag != v.member.Tag() || v.first && e.Seq <= st.Seq {
			continue
		}
		u.Events = append(u.Events, v.fleet.Line(e))
		changed = true
		v.gone = v.gone || e.Kind == virtual.EventRemoved
	}
	if v.gone {
		u.Gone, v.told = []uint32{v.tag()}, true
		return virtual.Forever, false
	}
	f := faceOf(v.member, st)
	if forced := changed && v.next > now; v.first || lost || renewed || forced || changed && !f.looksLike(&v.face) {
		u.Token, v.face = &tokenNow{control.ViewOf(v.member, st), st.View, f}, f
	}
	v.first, v.next = false, st.Next
	return min(v.next, v.renewal.next), false
}

func (v *tokenView) tag() uint32 {
	if v.member.Token == nil {
		return 0
	}
	return v.member.Tag()
}

// earlier returns the newest events of the token up to an entry, that the page does not have.
func (v *tokenView) earlier(to uint64) (lines []fleet.EventLine) {
	log := v.fleet.Log()
	var batch []fleet.Entry
	for after := max(v.seen, to-min(to, maxEntries)); after < to; {
		if batch = log.After(batch[:0], after, 1000); len(batch) == 0 {
			break
		}
		for _, e := range batch {
			if after = e.Seq; e.Tag == v.member.Tag() && e.Seq <= to {
				lines = append(lines, v.fleet.Line(e))
			}
		}
	}
	return lines[max(len(lines)-oldEvents, 0):]
}

// bell wakes the stream of a page when the log grows, or the world's time has come.
type bell struct {
	fleet *fleet.Fleet
	alarm *virtual.Alarm
	rung  chan struct{}
	quit  context.CancelFunc
}

func newBell(f *fleet.Fleet) *bell { return &bell{fleet: f, quit: func() {}} }

// listen returns a channel that is closed once the log has an entry after seq, or when the
// instant of ringAt has come.
func (b *bell) listen(ctx context.Context, seq uint64) <-chan struct{} {
	b.stop()
	ctx, cancel := context.WithCancel(ctx)
	b.quit = cancel
	rung, grown := make(chan struct{}), b.fleet.Log().Changed(seq)
	b.rung = make(chan struct{}, 1)
	go func(due <-chan struct{}) {
		select {
		case <-grown:
		case <-due:
		case <-ctx.Done():
			return
		}
		close(rung)
	}(b.rung)
	return rung
}

// ringAt lets the world's clock ring the bell.
func (b *bell) ringAt(at virtual.WorldTime) {
	rung := b.rung
	b.alarm = b.fleet.World().At(at, func() {
		select {
		case rung <- struct{}{}:
		default:
		}
	})
}

// stop ends the listening.
func (b *bell) stop() {
	b.quit()
	if b.alarm != nil {
		b.alarm.Stop()
		b.alarm = nil
	}
}
