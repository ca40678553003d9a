// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/url"
	"slices"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

const (
	// maxFaces is the number of tokens on a page of the wall.
	maxFaces = 1000
	// facesAtOnce is the largest number of faces of an update. With a clock that runs
	// faster than the page can follow, the tokens take turns.
	facesAtOnce = 200
	// listEvery is the shortest time between two selections of the page's tokens, and
	// listShare how much longer it is than the newest one took.
	listEvery = time.Second
	listShare = 20
	// driftEvery is the time between two selections while the world's clock runs, if the
	// query is about something that changes with time. It is shorter than beatTime, after
	// which a stream looks again.
	driftEvery = 4 * time.Second
)

// wallView is the view of the wall: of the tokens that a query selects.
type wallView struct {
	fleet *fleet.Fleet
	query control.Query

	renewal renewal
	shown   map[uint32]*shownFace // by tag
	turns   []*shownFace          // faces to look at, in this order
	count   count

	listed bool          // the tokens have been selected
	stale  bool          // something has happened that may select other tokens
	list   time.Time     // when they were selected
	took   time.Duration // how long that took
	at     virtual.WorldTime
}

// shownFace is a token of the page.
type shownFace struct {
	fleet.Member
	face
	sent   bool // the page has the face
	forced bool // something has happened to the token since then
	queued bool // in turns
	gone   bool
}

// newWallView returns the view of the tokens that a query selects, as for GET /v1/tokens.
func (s *server) newWallView(q url.Values) (*wallView, error) {
	query, err := control.ParseQuery(q)
	if err != nil {
		return nil, err
	}
	query.Limit = maxFaces
	if _, err := query.Tokens(s.fleet); err != nil {
		return nil, err
	}
	return &wallView{fleet: s.fleet, query: query, shown: map[uint32]*shownFace{}, stale: true}, nil
}

func (v *wallView) fill(u *update, now virtual.WorldTime, entries []fleet.Entry, lost bool) (next virtual.WorldTime, more bool) {
	v.stale = v.stale || lost || v.query.Drifts() && now != v.at && time.Since(v.list) >= driftEvery
	for _, e := range entries {
		v.stale = v.stale || selects(e.Kind)
		if f := v.shown[e.Tag]; f != nil {
			if f.forced = true; e.Kind == virtual.EventRemoved {
				v.remove(u, f)
			} else {
				v.queue(f)
			}
		}
	}
	renewed := v.renewal.due(v.fleet.World(), entries)
	wait := max(listEvery, listShare*v.took) - time.Since(v.list)
	if v.stale && (!v.listed || wait <= 0) {
		v.at = now
		v.relist(u)
	}
	for _, f := range v.shown {
		if lost || renewed || f.next <= now {
			f.forced = f.forced || lost
			v.queue(f)
		}
	}
	v.look(u)
	next = v.renewal.next
	for _, f := range v.shown {
		if !f.queued {
			next = min(next, f.next)
		}
	}
	if c := (count{v.fleet.Len(), len(v.shown), v.count.More}); c != v.count || u.Run != "" {
		v.count, u.Count = c, &c
	}
	return next, len(v.turns) > 0 || v.stale
}

// selects reports whether an event can change which tokens a query selects.
func selects(k virtual.EventKind) bool {
	switch k {
	case virtual.EventMade, virtual.EventRemoved, virtual.EventState, virtual.EventArmed, virtual.EventFault, virtual.EventRestored,
		virtual.EventBattery, virtual.EventAge, virtual.EventSkew, virtual.EventAdvance, virtual.EventClockSet, virtual.EventClockLost:
		return true
	}
	return false
}

// relist selects the tokens of the page again.
func (v *wallView) relist(u *update) {
	v.list = time.Now()
	list, err := v.query.Tokens(v.fleet)
	v.took, v.stale, v.listed = time.Since(v.list), false, true
	if err != nil { // the lot is gone
		list = control.Selected{}
	}
	kept := map[uint32]bool{}
	for _, m := range list.Members {
		kept[m.Tag()] = true
		if v.shown[m.Tag()] == nil {
			f := &shownFace{Member: m}
			v.shown[m.Tag()] = f
			v.queue(f)
		}
	}
	for tag, f := range v.shown {
		if !kept[tag] {
			v.remove(u, f)
		}
	}
	v.count.More = list.Next != ""
}

func (v *wallView) remove(u *update, f *shownFace) {
	f.gone = true
	delete(v.shown, f.Member.Tag())
	u.Gone = append(u.Gone, f.Member.Tag())
}

// queue lets a face be looked at: first if something has happened to the token, otherwise
// after those that wait.
func (v *wallView) queue(f *shownFace) {
	if !f.queued {
		f.queued = true
		v.turns = append(v.turns, f)
	}
}

// look reads the tokens whose turn it is, and adds the faces that have changed.
func (v *wallView) look(u *update) {
	slices.SortStableFunc(v.turns, func(a, b *shownFace) int {
		switch {
		case a.forced == b.forced:
			return 0
		case a.forced:
			return -1
		}
		return 1
	})
	n := 0
	for _, f := range v.turns {
		if len(u.Faces) == facesAtOnce {
			break
		}
		n++
		if f.queued = false; f.gone {
			continue
		}
		now := faceOf(f.Member, f.Look())
		if changed := !f.sent || f.forced || !now.looksLike(&f.face); changed {
			u.Faces = append(u.Faces, now)
		} else {
			now.At, now.LeftMS = f.At, f.LeftMS
		}
		f.face, f.sent, f.forced = now, true, false
	}
	v.turns = slices.Delete(v.turns, 0, n)
}
