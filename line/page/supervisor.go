// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"net/http"
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
		l.part("totals", "totals", s.totals(l.lang, list))
		cards := make([]stationCard, 0, len(list))
		for i := range list {
			cards = append(cards, s.card(l.lang, i+1, &list[i]))
		}
		l.part("stations", "stations", cards)
	})
}

// totals are the sums over the stations that report.
func (s *server) totals(lang string, list []stationStatus) []ui.Fact {
	t := func(key string, args ...any) string { return s.text(lang, key, args...) }
	var done, void, wanted, voided int64
	passed, stale := 0, 0
	cycle := 0.0
	orders := map[string]bool{}
	for _, one := range list {
		if one.Stale {
			stale++
		}
		st := one.Status
		if st == nil {
			continue
		}
		done, void, voided = done+st.Done, void+st.Void, voided+int64(st.Voided)
		if !orders[st.Order] {
			orders[st.Order] = true
			wanted += st.Wanted
		}
		if st.Passed > 0 {
			passed += st.Passed
			cycle += (st.Cycle - cycle) * float64(st.Passed) / float64(passed)
		}
	}
	all := line.Status{Passed: passed, Voided: int(voided), Yield: 1}
	if passed > 0 || voided > 0 {
		all.Yield = float64(passed) / float64(int64(passed)+voided)
	}
	facts := []ui.Fact{
		{Label: t("stations"), Text: strconv.Itoa(len(list))},
		{Label: t("progress"), Text: t("of", done, wanted)},
		{Label: t("void"), Text: strconv.FormatInt(void, 10)},
		{Label: t("yield"), Text: yield(&all)},
		{Label: t("cycle"), Text: ""},
	}
	if passed > 0 {
		facts[4].Text = t("seconds", seconds(cycle))
	}
	if stale > 0 {
		facts = append(facts, ui.Fact{Label: t("stale stations"), Text: strconv.Itoa(stale)})
	}
	return facts
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
	b.Progress.ID = c.ID + "-progress"
	c.Batch = &b
	for i := range st.Ports {
		p := &st.Ports[i]
		dot := portDot{p.Number, ui.TileOff, t("port", p.Number) + ": " + t("unknown")}
		// A station that does not report has no state. A newer one may have other results.
		if state, ok := states[p.Result]; ok && !one.Stale {
			dot.State, dot.Title = state, t("port", p.Number)+": "+t("result "+string(p.Result))
		}
		c.Ports = append(c.Ports, dot)
	}
	return c
}
