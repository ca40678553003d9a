// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"context"
	"fmt"
	"io"
	"net/http"
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
	{"arrows", "select a token"}, {"PgUp PgDn", "turn the page"}, {"Home End", "first token, last token"},
	{"/", "find a serial number"},
	{"p, Enter", "press the button"}, {"o", "hold it for 6 s"},
	{"+ -", "skew the token's clock by 1 min"}, {"y", "age the token by 1 year"},
	{"s h d", "advance 1 step, hour, day"}, {"space", "stop the clock, let it run"},
	{"Tab", "list or faces"}, {"q", "quit"},
	{"", ""},
	{"clock", "how far the token is ahead"}, {"==", "time left of the step"},
	{"◆", "blinks while the token runs"}, {"▯", "the battery is low"},
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
		w.m.left = place{w.m.after, w.m.sel}
		w.m.searching, w.m.wanted = true, ""
	case keyTab:
		w.m.asList = !w.m.asList
		w.fit()
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
	if len(w.waiting) < mostWaiting && !w.m.lost {
		w.waiting = append(w.waiting, r)
	}
}

// move moves the selection, and turns the page at its ends.
func (w *wall) move(k key) {
	g := w.m.grid()
	by := map[key]int{keyLeft: -1, keyRight: 1, keyUp: -g.across, keyDown: g.across}[k]
	n := len(w.m.faces)
	if n == 0 {
		return
	}
	switch to := w.m.sel + by; {
	case k == keyHome:
		w.turn(0, 0)
	case k == keyEnd && w.m.next:
		w.act(w.previous(noTag))
	case k == keyEnd || k == keyPageDown && !w.m.next:
		w.m.sel = n - 1
	case k == keyPageDown, by > 0 && to >= n && w.m.next:
		w.turn(w.m.last(), 0)
	case k == keyPageUp && w.m.after == 0:
		w.m.sel = 0
	case k == keyPageUp, by < 0 && to < 0 && w.m.after > 0:
		w.act(w.previous(w.m.faces[0].Tag))
	case to >= 0 && to < n:
		w.m.sel = to
	}
}

// turn goes to the page after a tag, and selects a token there.
func (w *wall) turn(after uint64, sel int) {
	w.m.after, w.m.sel, w.turned = after, sel, true
	w.page()
}

// search edits the text to look for. The wall shows the tokens that have it.
func (w *wall) search(k key) {
	switch {
	case k == keyEscape:
		w.m.searching = false
		w.turn(w.m.left.after, w.m.left.sel)
	case k == keyEnter:
		w.choose()
	case k == keyBackspace:
		_, n := utf8.DecodeLastRuneInString(w.m.wanted)
		w.m.wanted = w.m.wanted[:len(w.m.wanted)-n]
		w.turn(0, 0)
	case k < 0:
		w.move(k)
	case k >= ' ' && len(w.m.wanted) < 40:
		w.m.wanted += string(rune(k))
		w.turn(0, 0)
	}
}

// choose ends the search at the selected token.
func (w *wall) choose() {
	text, f := w.m.filter(), w.m.selected()
	switch {
	case text == "":
		w.m.searching = false
		w.turn(w.m.left.after, w.m.left.sel)
	case f != nil && w.m.found == text && !w.turned:
		w.m.searching = false
		w.turn(f.Tag-1, 0)
	default: // the tokens that have the text are not read yet
		w.act(w.find(text))
	}
}
