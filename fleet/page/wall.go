// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/internal/picture"
	"github.com/d204ef64/fob/internal/ui"
)

// wallPage is the data of the wall.
type wallPage struct {
	framed
	Start   startView
	Find    string
	Choices []choice
	Group   bool // by lot

	Fronts    map[string]string // paths of the pictures of fobs, by kind: see frontName
	NewFaults []option          // of a token
	Segments  []choice
	Keys      []keyHelp
}

// choice is a list from which a person chooses.
type choice struct {
	Name, Label string
	Options     []option
}

type option struct {
	Value, Text string
	Chosen      bool
}

// keyHelp explains keys.
type keyHelp struct {
	Keys []string
	Text string
}

// wall shows the faces of the tokens that the address selects, as GET /v1/tokens does.
func (s *server) wall(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	query, err := control.ParseQuery(q)
	if err == nil {
		query.Limit = 1
		_, err = query.Tokens(s.fleet)
	}
	wrong := err
	if wrong != nil {
		q = url.Values{}
	}
	group := q.Get("group") == "lot"
	live := url.Values{}
	for name, values := range q {
		if name != "group" {
			live[name] = values
		}
	}
	live.Set("page", "wall")
	p := wallPage{
		framed: s.inside(r, "", livePath+"?"+live.Encode()), Find: q.Get("find"), Group: group, Fronts: map[string]string{},
	}
	p.Start = s.start(p.Lang)
	t := func(key string, args ...any) string { return s.text(p.Lang, key, args...) }
	p.Title = t("wall title")
	if wrong != nil {
		p.Flash = &ui.Flash{Kind: ui.FlashBad, Text: t("wall wrong filter"), More: wrong.Error()}
	}
	paths := s.site.Paths()
	for name := range fronts {
		p.Fronts[name] = paths[name+".svg"]
	}
	p.Choices = s.wallChoices(q, t)
	p.NewFaults = []option{
		{Value: "dead", Text: t("fault new dead")}, {Value: "ghost", Text: t("fault new ghost")}, {Value: "flash_fail", Text: t("fault new flash_fail")},
		{Value: "power_cut_at", Text: t("fault new power_cut_at")}, {Value: "none", Text: t("fault new none")},
	}
	p.Segments = segmentChoices(t)
	for _, k := range []struct{ keys, text string }{
		{"← → ↑ ↓", "move"}, {"Home End PgUp PgDn", "far"}, {"Space", "select"}, {"Shift+→", "range"}, {"Ctrl+A", "all"}, {"Esc", "clear"},
		{"Enter", "open"}, {"p", "press"}, {"o", "hold"}, {"/", "find"}, {"?", "help"},
	} {
		p.Keys = append(p.Keys, keyHelp{strings.Fields(k.keys), t("wall key " + k.text)})
	}
	s.write(w, http.StatusOK, p.Lang, "wall", p)
}

// wallChoices returns the lists of the filter.
func (s *server) wallChoices(q url.Values, t func(string, ...any) string) []choice {
	list := func(name string, options ...option) choice {
		c := choice{Name: name, Label: t("wall " + name), Options: append([]option{{Text: t("wall any " + name)}}, options...)}
		for i, o := range c.Options {
			c.Options[i].Chosen = strings.EqualFold(o.Value, q.Get(name))
		}
		return c
	}
	var states []option
	for _, st := range fleet.States() {
		states = append(states, option{Value: st.String(), Text: t(scriptWords + "state " + st.String())})
	}
	faults := []option{{Value: "any", Text: t("wall some fault")}}
	for _, k := range fleet.FaultKinds() {
		faults = append(faults, option{Value: k.String(), Text: t(scriptWords + "fault " + k.String())})
	}
	choices := []choice{list("state", states...), list("fault", faults...)}
	lots := s.fleet.Lots()
	if len(lots) > 1 && len(lots) <= maxLots || q.Get("lot") != "" {
		var options []option
		for _, name := range lots[:min(len(lots), maxLots)] {
			options = append(options, option{Value: name, Text: name})
		}
		choices = append(choices, list("lot", options...))
	}
	return choices
}

// maxLots is the largest number of lots from which a person can choose.
const maxLots = 200

// segmentChoices returns the segments of an LCD.
func segmentChoices(t func(string, ...any) string) (list []choice) {
	for i := range picture.Segments {
		name := picture.SegmentName(i)
		text := ""
		switch {
		case i < picture.DigitSegments:
			if i%7 == 0 {
				list = append(list, choice{Label: t("wall digit", i/7+1)})
			}
			text = t("segment " + name[len(name)-1:])
		default:
			if i == picture.DigitSegments {
				list = append(list, choice{Label: t("wall other segments")})
			}
			if n, isBar := strings.CutPrefix(name, "bar"); isBar {
				text = t("segment bar", n)
			} else {
				text = t("segment " + name)
			}
		}
		last := &list[len(list)-1]
		last.Options = append(last.Options, option{Value: name, Text: text + " (" + name + ")"})
	}
	return list
}

// fronts are the pictures of the fobs without the segments of their LCDs, by kind.
var fronts = func() map[string][]byte {
	all := map[string][]byte{}
	for _, digits := range []int{6, 8} {
		for _, button := range []bool{false, true} {
			f := picture.Fob{Digits: digits, Button: button}
			all[frontName(f)] = picture.Front(f, picture.LCD{})
		}
	}
	return all
}()

// frontName returns the name of the picture of a fob.
func frontName(f picture.Fob) string {
	name := "front-" + strconv.Itoa(f.Digits)
	if f.Button {
		name += "-button"
	}
	return name
}
