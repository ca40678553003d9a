// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/d204ef64/fob/fleet"
)

// The colours, as parameters of SGR. They can be read on a light and on a dark background.
const (
	bold    = "1"
	reverse = "7"
	red     = "31"
	green   = "32"
	magenta = "35"
)

// paint colours text unless colours are off.
func (m *model) paint(colour, text string) string {
	if !m.colour || colour == "" || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// clean replaces characters that could control the terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, s)
}

// fit makes a text exactly n columns wide. All characters here take one.
func fit(s string, n int) string {
	n = max(n, 0)
	if have := utf8.RuneCountInString(s); have <= n {
		return s + strings.Repeat(" ", n-have)
	}
	return string([]rune(s)[:n])
}

// grid is how the tokens are arranged.
type grid struct {
	across, down int
	width        int // of a face, with its frame; 0: a list
}

const faceRows = 5 // three of the display, and the frame

func (m *model) grid() grid {
	g := grid{width: 8 + 4*max(m.digits, 6)} // three such faces fit in 100 columns
	g.across, g.down = (m.columns+1)/(g.width+1), m.body()/faceRows
	if m.asList || g.across < 1 || g.down < 1 {
		return grid{across: 1, down: max(m.body()-m.titleRows(), 1)}
	}
	return g
}

// body returns the number of rows between the clock and the messages.
func (m *model) body() int {
	if m.rows < 5 {
		return m.rows - 1
	}
	return m.rows - 3
}

// titleRows is the number of rows of the titles above a list.
func (m *model) titleRows() int {
	if m.body() < 5 {
		return 0
	}
	return 1
}

// capacity returns how many tokens fit on a page.
func (m *model) capacity() int {
	g := m.grid()
	return min(g.across*g.down, 1000)
}

// draw returns the lines of the screen at an instant of the machine.
func (m *model) draw(at time.Time) string {
	lines := []string{m.head(at)}
	switch {
	case m.help:
		lines = append(lines, m.helpLines()...)
	case len(m.faces) == 0:
		lines = append(lines, m.emptyLines()...)
	default:
		lines = append(lines, m.tokenLines()...)
	}
	for len(lines) < m.body()+1 {
		lines = append(lines, "")
	}
	lines = lines[:min(len(lines), m.body()+1)]
	if m.rows >= 5 {
		lines = append(lines, m.messageLine(), m.keyLine())
	}
	return strings.Join(lines, "\n")
}

// emptyLines explain an empty page.
func (m *model) emptyLines() []string {
	text := []string{"", "There are no tokens.", "Make some in another terminal:", "fob fleet add --count 5 --ready"}
	if m.filter() != "" {
		text = []string{"", "No token has it in its serial number."}
	}
	for i, line := range text {
		text[i] = fit(" "+line, m.columns)
	}
	return text
}

// head returns the line with the clock, which no one must take for the real time.
func (m *model) head(at time.Time) string {
	mode := clean(m.clock.Mode)
	if m.clock.Mode == "scaled" {
		mode += " ×" + strconv.FormatFloat(m.clock.Rate, 'g', -1, 64)
	}
	if m.clock.Paused {
		mode = "PAUSED, " + mode
	}
	if m.clock.Ended {
		mode = "ENDED, " + mode
	}
	hint := ""
	if m.clock.Mode == "manual" && !m.clock.Paused && !m.clock.Ended {
		hint = ": moved by s, h and d"
	}
	if m.lost {
		mode, hint = "NO ANSWER", ""
	}
	count := strconv.Itoa(m.total) + " tokens "
	if m.total == 1 {
		count = "1 token "
	}
	now := m.now(at).UTC().Format("2006-01-02 15:04:05")
	full := " TEST CLOCK " + now + " UTC  " + mode
	for _, text := range []string{
		fit(full+hint, max(m.columns-len(count), utf8.RuneCountInString(full+hint)+1)) + count,
		fit(full, max(m.columns-len(count), utf8.RuneCountInString(full)+1)) + count,
		full, " TEST " + now + " " + mode, "TEST " + now,
	} {
		if utf8.RuneCountInString(text) <= m.columns {
			return m.paint(reverse, fit(text, m.columns))
		}
	}
	return m.paint(reverse, fit(now[11:], m.columns)) // the time of day
}

func (m *model) helpLines() []string {
	var lines []string
	for _, h := range help {
		lines = append(lines, fit(" "+fit(h[0], 10)+h[1], m.columns))
	}
	return lines
}

func (m *model) messageLine() string {
	switch {
	case m.searching:
		return fit(" find: "+clean(m.wanted)+"▏", m.columns)
	case m.lost:
		return m.paint(red, fit(" the fleet does not answer: trying again", m.columns))
	case m.failed:
		return m.paint(red, fit(" "+m.message, m.columns))
	case m.message == "" && m.next && m.after == 0:
		return fit(" PgDn shows more tokens", m.columns)
	case m.message == "" && m.next:
		return fit(" PgUp and PgDn show more tokens", m.columns)
	case m.message == "" && m.after > 0:
		return fit(" PgUp shows more tokens", m.columns)
	}
	return fit(" "+m.message, m.columns)
}

// keyLine returns the keys, as many as fit.
func (m *model) keyLine() string {
	if m.searching {
		return fit(" Enter selects it, Esc goes back", m.columns)
	}
	for _, text := range []string{
		" p press  o hold  +/- skew 1 min  y age 1 year  s h d advance 1 step, hour, day  space pause  / find  ? help  q quit",
		" p press  o hold  +/- skew  y age  s h d advance  space pause  / find  ? help  q quit",
		" p press  o hold  +/- skew  s h d advance  / find  ? help  q quit",
	} {
		if len(text) <= m.columns {
			return fit(text, m.columns)
		}
	}
	return fit(" ? help  q quit", m.columns)
}

func (m *model) tokenLines() []string {
	g := m.grid()
	var lines []string
	if g.width == 0 {
		if m.titleRows() > 0 {
			lines = append(lines, fit(columnsOf("TOKEN", "DISPLAY", "STATE", "CLOCK", "BATTERY", "MODEL"), m.columns))
		}
		for i := range m.faces {
			lines = append(lines, m.row(&m.faces[i], i == m.sel))
		}
		return lines
	}
	for first := 0; first < len(m.faces); first += g.across {
		rows := make([]string, faceRows)
		for i := first; i < min(first+g.across, len(m.faces)); i++ {
			for j, part := range m.card(&m.faces[i], g.width, i == m.sel) {
				if i > first {
					part = " " + part
				}
				rows[j] += part
			}
		}
		lines = append(lines, rows...)
	}
	return lines
}

// columnsOf arranges the columns of a list, after room for the mark of the selected row.
func columnsOf(name, display, state, clock, battery, model string) string {
	return fmt.Sprintf("  %-16s %-10s %-11s %8s %7s  %s", name, display, state, clock, battery, model)
}

// row returns a token in a list.
func (m *model) row(f *face, selected bool) string {
	mark := "  "
	if selected {
		mark = "> "
	}
	text := columnsOf(clean(f.name()), "["+clean(f.Display)+"]", clean(f.State), f.offset(), f.charge(), clean(f.Model))
	text = fit(mark+text[len(mark):], m.columns)
	if selected {
		return m.paint(bold, text)
	}
	return m.paint(m.stateColour(f), text)
}

// stateColour returns the colour of a token that needs attention.
func (m *model) stateColour(f *face) string {
	switch f.State {
	case "LOCKED":
		return ""
	case "EXPIRED", "DEAD", "WIPED":
		return red
	}
	return magenta
}

// card returns a token's face in a frame, with its name and state above, and its clock and
// battery below.
func (m *model) card(f *face, width int, selected bool) []string {
	b, colour := []rune("┌─┐│└┘"), ""
	if selected {
		b, colour = []rune("╔═╗║╚╝"), bold
	}
	frame := func(s string) string { return m.paint(colour, s) }
	edge := func(left, right rune, before, after, afterColour string) string {
		after = " " + after + " "
		room := width - 3 - utf8.RuneCountInString(after)
		if before = " " + before + " "; utf8.RuneCountInString(before) > room {
			before = fit(before, room)
		}
		line := room - utf8.RuneCountInString(before)
		return frame(string(left)+string(b[1])+before+strings.Repeat(string(b[1]), line)) +
			m.paint(afterColour, after) + frame(string(right))
	}
	state := m.stateColour(f)
	if state == "" {
		state = green
	}
	lines := []string{edge(b[0], b[2], clean(f.name()), clean(f.State), state)}
	art := strings.Split(f.view.Art(), "\n")
	for _, row := range art[:3] {
		if f.view.Black { // too hot
			row = strings.Repeat("▒", width-4)
		}
		lines = append(lines, frame(string(b[3]))+fit(" "+row, width-2)+frame(string(b[3])))
	}
	return append(lines, edge(b[4], b[5], "clock "+f.offset(), "battery "+f.charge(), m.chargeColour(f)))
}

func (m *model) chargeColour(f *face) string {
	if f.Battery < 0.1 {
		return red
	}
	return ""
}

func (f *face) charge() string { return strconv.Itoa(fleet.Percent(f.Battery)) + "%" }

// offset returns how far the token's clock is ahead, in a few characters.
func (f *face) offset() string {
	if !f.ClockSet {
		return "unset"
	}
	d := time.Duration(f.ErrorMS) * time.Millisecond
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	const day = 24 * time.Hour
	switch {
	case d < 50*time.Millisecond:
		return "+0.0s"
	case d < 10*time.Second:
		return sign + strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	case d < time.Minute:
		return fmt.Sprintf("%s%ds", sign, d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%s%dm%02ds", sign, d/time.Minute, d%time.Minute/time.Second)
	case d < day:
		return fmt.Sprintf("%s%dh%02dm", sign, d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%s%dd%02dh", sign, d/day, d%day/time.Hour)
}
