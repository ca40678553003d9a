// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"strings"
	"time"
)

// model is the content of the wall.
type model struct {
	columns, rows int
	colour        bool

	clock clock
	at    time.Time // of the machine, when clock was read
	total int       // tokens in the fleet
	faces []face    // of the page
	after uint64    // the page has the tokens with greater tags
	next  bool      // more tokens follow the page
	sel   int       // index of the selected token

	digits int // the most of any display so far, which sets the size of a face
	asList bool
	help   bool
	lost   bool // the fleet does not answer

	searching bool
	wanted    string // the text of the search
	found     string // the text that the tokens on the page have
	left      place  // to which Escape returns

	message string
	failed  bool // the message is about something that failed
}

// place is a page and a token on it.
type place struct {
	after uint64
	sel   int
}

// now returns the world's time at an instant of the machine.
func (m *model) now(at time.Time) time.Time {
	if m.lost {
		return m.clock.Now
	}
	return m.clock.Now.Add(time.Duration(float64(at.Sub(m.at)) * m.clock.speed()))
}

func (m *model) say(text string, failed bool) { m.message, m.failed = clean(text), failed }

// lose notes that the fleet does not answer. The clock on the wall stops.
func (m *model) lose() {
	at := time.Now()
	m.clock.Now, m.at, m.lost = m.now(at), at, true
}

// show replaces the tokens of the page, and reports whether all of them fit. Wide
// displays leave room for fewer.
func (m *model) show(faces []face) (all bool) {
	m.faces = faces
	for i := range faces {
		m.digits = max(m.digits, faces[i].view.Digits)
	}
	if all = len(faces) <= m.capacity(); !all {
		m.faces, m.next = faces[:m.capacity()], true
	}
	m.sel = max(min(m.sel, len(m.faces)-1), 0)
	return all
}

// filter is the text that the tokens of the page must have.
func (m *model) filter() string {
	if !m.searching {
		return ""
	}
	return strings.TrimSpace(m.wanted)
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
