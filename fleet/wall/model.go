// SPDX-License-Identifier: Apache-2.0

package wall

import "time"

// model is the content of the wall.
type model struct {
	columns, rows int
	colour        bool

	clock clock
	at    time.Time // of the machine, when clock was read
	total int       // tokens in the fleet
	faces []face    // of the page
	after uint64    // the page has the tokens with greater tags
	sel   int       // index of the selected token

	asList    bool
	help      bool
	searching bool
	wanted    string // the text of the search
	message   string
	failed    bool // the message is about something that failed
}

// now returns the world's time at an instant of the machine.
func (m *model) now(at time.Time) time.Time {
	return m.clock.Now.Add(time.Duration(float64(at.Sub(m.at)) * m.clock.speed()))
}

func (m *model) say(text string, failed bool) { m.message, m.failed = clean(text), failed }

// show replaces the tokens of the page.
func (m *model) show(faces []face) {
	m.faces = faces
	m.faces = m.faces[:min(len(faces), m.capacity())] // wide displays leave room for fewer
	m.sel = max(min(m.sel, len(m.faces)-1), 0)
}

func (m *model) selected() *face {
	if m.sel >= len(m.faces) {
		return nil
	}
	return &m.faces[m.sel]
}

// find returns the index of a token on the page, or -1.
func (m *model) find(id string) int {
	for i := range m.faces {
		if m.faces[i].HardwareID == id {
			return i
		}
	}
	return -1
}

// last returns the tag of the last token on the page.
func (m *model) last() uint64 {
	if len(m.faces) == 0 {
		return m.after
	}
	return m.faces[len(m.faces)-1].Tag
}

// more reports whether tokens may follow the page: it is full.
func (m *model) more() bool { return len(m.faces) == m.capacity() }

// before returns the value of after for the previous page. Tags begin with 1. If some
// tokens of the previous page were removed, it overlaps this page.
func (m *model) before() uint64 {
	n := uint64(m.capacity())
	if m.after <= n {
		return 0
	}
	return m.after - n
}
