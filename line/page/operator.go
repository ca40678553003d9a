// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/internal/weblogin"
	"github.com/d204ef64/fob/line"
)

// operatorPage is the data of the operator's page.
type operatorPage struct {
	ui.Page
	Live   string // path of its stream
	Labels string // path that receives labels
	Field  ui.Field
	Notes  []string
}

// operator shows a station. Its content comes with the stream.
func (s *server) operator(w http.ResponseWriter, r *http.Request) {
	one := s.station(w, r)
	if one == nil {
		return
	}
	st := one.view.Status()
	p := operatorPage{Page: s.inside(r, st.Order), Live: pathOf(one.name) + livePath}
	t := func(key string, args ...any) string { return s.text(p.Lang, key, args...) }
	p.Tagline = one.name
	p.Title = t("title", st.Order, st.Customer)
	p.Labels = pathOf(one.name) + "/labels"
	p.Field = ui.Field{Name: "entry", Label: t("label entry"), Type: "text", Verbatim: true, Autocomplete: "off", MaxLength: 40}
	if st.Labels == line.LabelScanned {
		p.Field.Label = t("label entry scanned")
	}
	p.Banner, p.Notes = s.warnings(p.Lang, st.Warnings)
	s.write(w, http.StatusOK, p.Lang, "operator", p)
}

// warnings returns the banner and the notes for the warnings of a station.
func (s *server) warnings(lang string, list []line.Warning) (banner *ui.Banner, notes []string) {
	for _, w := range list {
		switch w {
		case line.WarnPractice, line.WarnTestKey:
			if banner == nil {
				banner = &ui.Banner{Label: s.text(lang, "test"), Text: s.text(lang, "warning "+string(w))}
			}
		default:
			notes = append(notes, s.text(lang, "warning "+string(w)))
		}
	}
	return banner, notes
}

// noticePart is a notice on a page.
type noticePart struct {
	Bad                 bool
	Title, Advice, Text string
}

// notices returns the notices of the shared ledger. Their details are in English.
func (s *server) notices(lang string, list []line.Notice) (parts []noticePart) {
	for _, n := range list {
		key := "notice " + string(n.Kind)
		parts = append(parts, noticePart{n.Kind != line.NoticeAway, s.text(lang, key), s.text(lang, key+" advice"), n.Text})
	}
	return parts
}

// operatorLive is the stream of the operator's page.
func (s *server) operatorLive(w http.ResponseWriter, r *http.Request) {
	one := s.station(w, r)
	if one == nil {
		return
	}
	before := map[int]line.SocketStatus{} // by number
	s.serveLive(w, r, "operator", one.next, func(_ context.Context, l *live) {
		st := one.view.Status()
		b := s.batch(l.lang, &st)
		if st.OrderDone != st.Done {
			b.Facts = slices.Insert(b.Facts, 0, ui.Fact{Label: s.text(l.lang, "this station"), Text: strconv.FormatInt(st.Done, 10)})
		}
		l.part("batch", "batch", b)
		l.part("notices", "notices", s.notices(l.lang, st.Notices))
		l.class("tiles", "tiles "+density(len(st.Ports)))
		labels := st.Labels == line.LabelTakenFirst || st.Labels == line.LabelScanned
		for _, p := range st.Ports {
			labels = labels || p.Label
			old, known := before[p.Number]
			if known && old == p {
				continue
			}
			l.part("port-"+strconv.Itoa(p.Number), "tile", s.tile(l.lang, &p, st.Labels))
			if known {
				s.announceChange(l, &old, &p)
			}
			before[p.Number] = p
		}
		entry := "entry"
		if !labels {
			entry = "entry off"
		}
		l.class("entry", entry)
		l.part("no-ports", "no-ports", len(st.Ports) == 0)
		l.part("recent", "recent", s.recent(l.lang, one.view.Recent()))
	})
}

// density returns the class of a number of tiles: the more there are, the smaller they are.
func density(tiles int) string {
	switch {
	case tiles <= 8:
		return "few"
	case tiles <= 24:
		return "some"
	}
	return "many"
}

// batchPart is the progress of the batch.
type batchPart struct {
	End      string // state of the page if the line ends now: complete, practice or ended
	Progress ui.Progress
	Facts    []ui.Fact
}

func (s *server) batch(lang string, st *line.Status) batchPart {
	t := func(key string, args ...any) string { return s.text(lang, key, args...) }
	b := batchPart{Progress: s.progress(lang, "batch-progress", t("progress"), st.OrderDone, st.Wanted), End: endOf(st.OrderDone >= st.Wanted, st.Warnings)}
	b.Facts = []ui.Fact{
		{Label: t("void"), Text: strconv.FormatInt(st.Void, 10)},
		{Label: t("failed"), Text: strconv.Itoa(st.Failed)},
		{Label: t("yield"), Text: s.yield(lang, st.Passed, st.Voided)},
		{Label: t("cycle"), Text: ""},
		{Label: t("slowest step"), Text: ""},
		{Label: t("slowest port"), Text: ""},
	}
	if st.Passed > 0 {
		b.Facts[3].Text = t("seconds", seconds(st.Cycle))
	}
	if p := st.SlowestStep; p != nil {
		step := t("unknown")
		if slices.Contains(line.Steps(), p.Step) { // a newer station may have other steps
			step = t("step " + string(p.Step))
		}
		b.Facts[4].Text = fmt.Sprintf("%s (%s)", step, t("seconds", seconds(p.Seconds)))
	}
	if p := st.SlowestPort; p != nil {
		b.Facts[5].Text = fmt.Sprintf("%s (%s)", t("port", p.Number), t("seconds", seconds(p.Cycle)))
	}
	if len(st.Reasons) > 0 {
		r := st.Reasons[0]
		b.Facts = append(b.Facts, ui.Fact{Label: t("most failures"), Text: fmt.Sprintf("%d × %s", r.Count, s.phrase(lang, r.Reason))})
	}
	return b
}

func seconds(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// yield returns the part of the finished units that passed, "" before a unit was finished.
func (s *server) yield(lang string, passed, voided int) string {
	if passed+voided == 0 {
		return ""
	}
	percent := 100 * float64(passed) / float64(passed+voided)
	return s.text(lang, "of part", strconv.FormatFloat(percent, 'f', 1, 64), passed, passed+voided)
}

// progress returns the progress of an order.
func (s *server) progress(lang, id, label string, done, wanted int64) ui.Progress {
	return ui.Progress{ID: id, Label: label, Text: s.text(lang, "of", done, wanted), Value: int(min(done, wanted)), Max: int(max(wanted, 1))}
}

// endOf returns the state of a page whose line ends now.
func endOf(complete bool, warnings []line.Warning) string {
	switch {
	case complete:
		return "complete"
	case slices.Contains(warnings, line.WarnPractice):
		return "practice"
	}
	return "ended"
}

// waiting returns the number of ports that wait for a label.
func waiting(st *line.Status) (n int) {
	for _, p := range st.Ports {
		if p.Label {
			n++
		}
	}
	return n
}

// phrase translates a reason or an advice. A text that is not known stays in English.
func (s *server) phrase(lang, text string) string {
	if translated, ok := s.phrases[lang].Find(text); ok {
		return translated
	}
	return text
}

// states are the tiles of results.
var states = map[line.Result]ui.TileState{
	line.Waiting: ui.TileWait, line.Working: ui.TileWorking, line.Pass: ui.TilePass, line.Fail: ui.TileFail, line.Known: ui.TileKnown,
}

// tile returns the tile of a port.
func (s *server) tile(lang string, p *line.SocketStatus, labels line.LabelPolicy) ui.Tile {
	t := func(key string, args ...any) string { return s.text(lang, key, args...) }
	id := "port-" + strconv.Itoa(p.Number)
	tile := ui.Tile{
		ID: id, Name: t("port", p.Number), Title: p.Socket, State: states[p.Result], Word: t("result " + string(p.Result)), Subject: p.Serial,
		Text: s.phrase(lang, p.Reason), Advice: s.phrase(lang, p.Advice),
	}
	switch {
	case p.Result == line.Working:
		steps := line.Steps()
		at := slices.Index(steps, p.Step) + 1
		tile.Progress = &ui.Progress{ID: id + "-step", Label: t("step " + string(p.Step)), Text: t("of", at, len(steps)), Value: at, Max: len(steps)}
		tile.Text, tile.Advice = tile.Advice, ""
		if p.Reason != "" {
			tile.Text = t("again", s.phrase(lang, p.Reason))
		}
	case p.Result == line.Waiting:
		tile.Advice = t("insert")
	case p.Label:
		tile.Advice, tile.Due = "", tile.Advice
		if labels != line.LabelScanned {
			tile.Button = &ui.TileButton{Name: "entry", Value: strconv.Itoa(p.Number), Text: t("label taken")}
		}
	case p.Empty && (p.Result == line.Pass || p.Result == line.Known):
		tile.Advice = t("insert")
	}
	return tile
}

// announceChange announces that a port has another result.
func (s *server) announceChange(l *live, before, now *line.SocketStatus) {
	if now.Result == line.Working || now.Result == line.Waiting || before.Result == now.Result && before.Serial == now.Serial && before.Reason == now.Reason {
		return
	}
	text := s.text(l.lang, "port", now.Number) + ": " + s.text(l.lang, "result "+string(now.Result))
	if now.Result == line.Fail {
		text += ". " + s.phrase(l.lang, now.Reason) + ". " + s.phrase(l.lang, now.Advice)
	}
	l.announce(string(now.Result), text)
}

// shownRecent is the number of finished units on the page.
const shownRecent = 20

// recent returns the table of the units that were finished last.
func (s *server) recent(lang string, list []line.RecentUnit) ui.Table {
	t := func(key string, args ...any) string { return s.text(lang, key, args...) }
	table := ui.Table{Caption: t("recent"), Columns: []ui.Column{
		{Text: t("time"), Class: "time"}, {Text: t("port column"), Class: "number"}, {Text: t("serial"), Class: "serial"},
		{Text: t("result"), Class: "word"}, {Text: t("reason")}, {Text: t("bin"), Class: "word"}, {Text: t("cycle"), Class: "number"},
	}}
	tones := map[line.Result]ui.Tone{line.Pass: ui.Good, line.Fail: ui.Bad, line.Known: ui.Warn}
	for _, u := range list[:min(len(list), shownRecent)] {
		row := []ui.Cell{
			{Text: u.Time.Local().Format(time.TimeOnly)}, {Text: strconv.Itoa(u.Number)}, {Text: u.Serial},
			{Text: t("result " + string(u.Result)), Tag: tones[u.Result]}, {Text: s.phrase(lang, u.Reason)}, {}, {},
		}
		if u.Bin != "" {
			row[5].Text = t("bin " + string(u.Bin))
		}
		if u.Cycle > 0 {
			row[6].Text = t("seconds", seconds(u.Cycle))
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}

// numbers lists numbers of ports.
func numbers(list []int) string {
	text := make([]string, 0, len(list))
	for _, n := range list {
		text = append(text, strconv.Itoa(n))
	}
	return strings.Join(text, ", ")
}

// labelEntered confirms a label that was scanned or typed, and answers with a message for
// the page.
func (s *server) labelEntered(w http.ResponseWriter, r *http.Request) {
	one := s.station(w, r)
	if one == nil || !weblogin.ReadForm(w, r) {
		return
	}
	lang := ui.LanguageOf(r, "")
	t := func(key string, args ...any) string { return s.text(lang, key, args...) }
	e := one.enter(r.PostForm.Get("entry"))
	status, flash := http.StatusOK, ui.Flash{Kind: ui.FlashGood}
	switch e.code {
	case "":
		flash.Text = t("label good", e.text)
	case codeEmpty:
		status, flash = http.StatusUnprocessableEntity, ui.Flash{Kind: ui.FlashNext, Text: t("label empty")}
	default:
		status, flash = http.StatusConflict, ui.Flash{Kind: ui.FlashBad, Text: t(e.code, e.text, e.port), More: t(e.code + " advice")}
		if e.code == codeWrong && e.port > 0 {
			flash.Text = t("label_wrong finished", e.text, e.port)
		}
		if len(e.due) > 0 && e.code != codeScan {
			flash.More = t("labels due", numbers(e.due)) + " " + flash.More
		}
	}
	if err := s.site.WritePart(w, status, lang, "operator", "flash", &flash); err != nil {
		s.o.Event(err)
		http.Error(w, "the answer cannot be shown", http.StatusInternalServerError)
	}
}
