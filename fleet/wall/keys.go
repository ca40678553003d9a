// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// key is a key of the keyboard: a character, or one of the constants.
type key rune

const (
	keyUp key = -1 - iota
	keyDown
	keyLeft
	keyRight
	keyPageUp
	keyPageDown
	keyHome
	keyEnd
	keyEscape
	keyUnknown

	keyCtrlC     key = 3
	keyTab       key = '\t'
	keyEnter     key = '\r'
	keyBackspace key = 127
)

// sequences are the escape sequences of keys, as xterm, Linux and rxvt send them.
var sequences = map[string]key{
	"[A": keyUp, "[B": keyDown, "[C": keyRight, "[D": keyLeft,
	"OA": keyUp, "OB": keyDown, "OC": keyRight, "OD": keyLeft,
	"[5~": keyPageUp, "[6~": keyPageDown,
	"[H": keyHome, "[F": keyEnd, "OH": keyHome, "OF": keyEnd,
	"[1~": keyHome, "[4~": keyEnd, "[7~": keyHome, "[8~": keyEnd,
}

// readKeys sends the keys that are read. It returns errQuit at the end of the reader, or
// the reader's error.
func readKeys(ctx context.Context, r io.Reader, keys chan<- key) error {
	buf := make([]byte, 256)
	n := 0
	for {
		read, err := r.Read(buf[n:])
		n += read
		list, rest := decode(buf[:n])
		n = copy(buf, rest)
		for _, k := range list {
			select {
			case keys <- k:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err == io.EOF { // the keyboard is gone
			return errQuit
		}
		if err != nil {
			return fmt.Errorf("reading the keyboard: %w", err)
		}
	}
}

// decode returns the keys in bytes, and the rest, which is the beginning of a key. An
// escape at the end is a key by itself, because a terminal sends a sequence in one piece.
func decode(b []byte) (keys []key, rest []byte) {
	for len(b) > 0 {
		if b[0] != '\x1b' {
			if !utf8.FullRune(b) {
				return keys, b
			}
			r, n := utf8.DecodeRune(b)
			if r == '\b' {
				r = rune(keyBackspace)
			}
			if r == '\n' {
				r = rune(keyEnter)
			}
			keys = append(keys, key(r))
			b = b[n:]
			continue
		}
		if len(b) == 1 {
			return append(keys, keyEscape), nil
		}
		if b[1] != '[' && b[1] != 'O' {
			keys, b = append(keys, keyEscape), b[1:]
			continue
		}
		end := 2 // of the sequence: parameters, then one of @ to ~
		for end < len(b) && (b[end] < '@' || b[end] > '~') {
			end++
		}
		if end == len(b) {
			if len(b) > 32 {
				return keys, nil // no key is that long
			}
			return keys, b
		}
		k, ok := sequences[string(b[1:end+1])]
		if !ok {
			k = keyUnknown
		}
		keys, b = append(keys, k), b[end+1:]
	}
	return keys, nil
}

// help are the keys, for people.
var help = [][2]string{
	{"arrows", "select"}, {"PgUp PgDn", "turn the page"}, {"p", "press"}, {"o", "hold for 6 s"},
	{"+ -", "skew by 1 min"}, {"y", "age by 1 year"}, {"s h d", "advance 1 step, hour, day"}, {"space", "pause"},
	{"/", "find"}, {"tab", "list"}, {"?", "help"}, {"q", "quit"},
}

// press executes a key.
func (w *wall) press(k key) {
	if k == keyCtrlC {
		w.quit = true
		return
	}
	if w.m.searching {
		w.search(k)
		return
	}
	w.m.say("", false)
	if w.m.help { // any key ends it
		w.m.help = false
		return
	}
	switch k {
	case 'q', 'Q':
		w.quit = true
	case '?':
		w.m.help = true
	case '/':
		w.m.searching, w.m.wanted = true, ""
	case keyTab:
		w.m.asList = !w.m.asList
		w.page()
	case keyUp, keyDown, keyLeft, keyRight, keyPageUp, keyPageDown, keyHome, keyEnd:
		w.move(k)
	case ' ':
		message := "the clock is paused"
		if w.m.clock.Paused {
			message = "the clock runs again"
		}
		w.act(w.change(message, http.MethodPut, "/v1/time", map[string]bool{"paused": !w.m.clock.Paused}))
	case 's', 'S':
		w.advance("until", "next_step", "the next step")
	case 'h', 'H':
		w.advance("by", "PT1H", "an hour later")
	case 'd', 'D':
		w.advance("by", "P1D", "a day later")
	default:
		w.handle(k)
	}
}

// handle executes a key that acts on the selected token.
func (w *wall) handle(k key) {
	f := w.m.selected()
	if f == nil {
		return
	}
	do := func(message, rest string, body any) {
		w.act(w.change(message+" "+f.name(), http.MethodPost, tokenPath(f.HardwareID, rest), body))
	}
	switch k {
	case 'p', 'P', keyEnter:
		do("pressed", "/press", nil)
	case 'o', 'O':
		do("holding", "/press", map[string]string{"hold": "6s"})
	case '+', '=':
		do("skewed by +1 min:", "/skew", map[string]string{"by": "PT1M"})
	case '-', '_':
		do("skewed by -1 min:", "/skew", map[string]string{"by": "-PT1M"})
	case 'y', 'Y':
		do("a year older:", "/age", map[string]string{"by": "P1Y"})
	}
}

func (w *wall) advance(field, value, message string) {
	w.act(w.change(message, http.MethodPost, "/v1/time/advance", map[string]string{field: value}))
}

// mostWaiting limits the actions that wait while a key repeats.
const mostWaiting = 8

func (w *wall) act(r request) {
	if len(w.waiting) < mostWaiting {
		w.waiting = append(w.waiting, r)
	}
}

// move moves the selection, and turns the page at its ends.
func (w *wall) move(k key) {
	g := w.m.grid()
	by := map[key]int{keyLeft: -1, keyRight: 1, keyUp: -g.across, keyDown: g.across}[k]
	n := len(w.m.faces)
	switch to := w.m.sel + by; {
	case k == keyPageDown, by > 0 && to >= n && w.m.more():
		w.turn(w.m.last(), 0)
	case k == keyPageUp, by < 0 && to < 0 && w.m.after > 0:
		w.turn(w.m.before(), w.m.capacity()-1)
	case k == keyHome:
		w.turn(0, 0)
	case k == keyEnd:
		w.m.sel = max(n-1, 0)
	case to >= 0 && to < n:
		w.m.sel = to
	}
}

// turn goes to the page after a tag, and selects a token there.
func (w *wall) turn(after uint64, sel int) {
	if after == w.m.after && sel == 0 {
		w.m.sel = 0
		return
	}
	if after >= w.m.after && !w.m.more() {
		return
	}
	w.m.after, w.m.sel = after, sel
	w.page()
}

// search edits the serial number to look for.
func (w *wall) search(k key) {
	switch {
	case k == keyEscape:
		w.m.searching = false
	case k == keyBackspace:
		_, n := utf8.DecodeLastRuneInString(w.m.wanted)
		w.m.wanted = w.m.wanted[:len(w.m.wanted)-n]
	case k == keyEnter:
		w.m.searching = false
		if name := strings.ToUpper(strings.TrimSpace(w.m.wanted)); name != "" {
			w.act(w.find(name))
		}
	case k >= ' ' && len(w.m.wanted) < 40:
		w.m.wanted += string(rune(k))
	}
}
