// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/line"
)

// supervisorPage is the data of the page of all stations.
type supervisorPage struct {
	ui.Page
	Live string
}

// supervisor shows all stations. Its content comes with the stream.
func (s *server) supervisor(w http.ResponseWriter, r *http.Request) {
	p := supervisorPage{Page: s.inside(r, ""), Live: "/stations" + livePath}
	p.Title = s.text(p.Lang, "all stations")
	p.Banner = s.banner(p.Lang)
	s.write(w, http.StatusOK, p.Lang, "supervisor", p)
}

// banner returns the warning of a station of this process, or nil.
func (s *server) banner(lang string) *ui.Banner {
	for _, one := range s.o.Stations {
		if b, _ := s.warnings(lang, one.view.Status().Warnings); b != nil {
			return b
		}
	}
	return nil
}

// supervisorLive is the stream of the supervisor's view.
func (s *server) supervisorLive(w http.ResponseWriter, r *http.Request) {
	// The stations here change often: a look at all of them now and then is enough.
	ticks := make(chan struct{}, 1)
	go func() {
		tick := time.NewTicker(reportInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
			select {
			case ticks <- struct{}{}:
			default:
			}
		}
	}()
	changed := func() <-chan struct{} { return ticks }
	s.serveLive(w, r, "supervisor", changed, func(ctx context.Context, l *live) {
		list, err := s.stations(ctx)
		l.part("ledger", "ledger", err != nil)
		var notices []line.Notice
		for _, one := range s.o.Stations {
			for _, n := range one.view.Status().Notices {
				if !slices.Contains(notices, n) {
					notices = append(notices, n)
				}
			}
		}
		l.part("notices", "notices", s.notices(l.lang, notices))
		l.part("totals", "totals", s.totals(l.lang, list))
		cards := make([]stationCard, 0, len(list))
		for i := range list {
			cards = append(cards, s.card(l.lang, i+1, &list[i]))
		}
		l.part("stations", "stations", cards)
	})
}

// totalsPart are the orders and the sums over the stations that report.
type totalsPart struct {
	End    string // as in batchPart
	Orders []ui.Progress
	Facts  []ui.Fact
}

func (s *server) totals(lang string, list []stationStatus) totalsPart {
	t := func(key string, args ...any) string { return s.text(lang, key, args...) }
	var void int64
	passed, voided, failed, stale, labels := 0, 0, 0, 0, 0
	cycle := 0.0
	var orders []string
	sums, firsts := map[string]int64{}, map[string]*line.Status{}
	var warnings []line.Warning
	for _, one := range list {
		if one.Stale {
			stale++
		}
		st := one.Status
		if st == nil {
			continue
		}
		if firsts[st.Order] == nil {
			firsts[st.Order] = st
			orders = append(orders, st.Order)
		}
		sums[st.Order] += st.Done
		if first := firsts[st.Order]; st.OrderDone > first.OrderDone {
			firsts[st.Order] = st
		}
		warnings = append(warnings, st.Warnings...)
		void, voided, failed = void+st.Void, voided+st.Voided, failed+st.Failed
		if !one.Stale {
			labels += waiting(st)
		}
		if st.Passed > 0 {
			passed += st.Passed
			cycle += (st.Cycle - cycle) * float64(st.Passed) / float64(passed)
		}
	}
	p, complete := totalsPart{}, len(orders) > 0
	for i, id := range orders {
		st := firsts[id]
		done := max(st.OrderDone, sums[id])
		complete = complete && done >= st.Wanted
		p.Orders = append(p.Orders, s.progress(lang, "order-"+strconv.Itoa(i+1), t("title", id, st.Customer), done, st.Wanted))
	}
	p.End = endOf(complete, warnings)
	p.Facts = []ui.Fact{
		{Label: t("stations"), Text: strconv.Itoa(len(list))},
		{Label: t("void"), Text: strconv.FormatInt(void, 10)},
		{Label: t("failed"), Text: strconv.Itoa(failed)},
		{Label: t("yield"), Text: s.yield(lang, passed, voided)},
		{Label: t("cycle"), Text: ""},
	}
	if passed > 0 {
		p.Facts[4].Text = t("seconds", seconds(cycle))
	}
	if labels > 0 {
		p.Facts = append(p.Facts, ui.Fact{Label: t("labels waiting"), Text: strconv.Itoa(labels)})
	}
	if stale > 0 {
		p.Facts = append(p.Facts, ui.Fact{Label: t("stale stations"), Text: strconv.Itoa(stale)})
	}
	return p
}

// stationCard is a station on the page.
type stationCard struct {
	ID        string
	Name, URL string
	Stale     bool
	Seen      string
	Order     string
	Batch     *batchPart // nil: unknown
	Ports     []portDot
}

// portDot is a port at a glance.
type portDot struct {
	Number int
	State  ui.TileState
	Due    bool // the port waits for its label
	Title  string
}

func (s *server) card(lang string, number int, one *stationStatus) stationCard {
	t := func(key string, args ...any) string { return s.text(lang, key, args...) }
	c := stationCard{ID: "station-" + strconv.Itoa(number), Name: one.Name, URL: one.URL, Stale: one.Stale}
	if !one.Here {
		seen := t("unknown")
		if !one.Seen.IsZero() {
			seen = one.Seen.Local().Format(time.DateTime)
		}
		c.Seen = t("seen", seen)
		if one.Stale {
			c.Seen = t("stale", seen)
		}
	}
	st := one.Status
	if st == nil {
		return c
	}
	c.Order = t("title", st.Order, st.Customer)
	b := s.batch(lang, st)
	b.Facts = slices.Insert(b.Facts, 0, ui.Fact{Label: t("progress"), Text: strconv.FormatInt(st.Done, 10)})
	if n := waiting(st); n > 0 && !one.Stale {
		b.Facts = slices.Insert(b.Facts, 0, ui.Fact{Label: t("labels waiting"), Text: strconv.Itoa(n)})
	}
	c.Batch = &b
	for i := range st.Ports {
		p := &st.Ports[i]
		dot := portDot{Number: p.Number, State: ui.TileOff, Title: t("port", p.Number) + ": " + t("unknown")}
		// A station that does not report has no state. A newer one may have other results.
		if state, ok := states[p.Result]; ok && !one.Stale {
			dot.State, dot.Due, dot.Title = state, p.Label, t("port", p.Number)+": "+t("result "+string(p.Result))
			if p.Label {
				dot.Title += ", " + t("label due")
			}
		}
		c.Ports = append(c.Ports, dot)
	}
	return c
}
