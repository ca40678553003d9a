// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

func TestDecode(t *testing.T) {
	for text, want := range map[string][]key{
		"q":                {'q'},
		"\x1b":             {keyEscape},
		"\x1b[A\x1bOB":     {keyUp, keyDown},
		"\x1b[5~x\x1b[6~":  {keyPageUp, 'x', keyPageDown},
		"\x1b[1;5C":        {keyUnknown}, // Ctrl with an arrow
		"\x1b\x1b[D":       {keyEscape, keyLeft},
		"\r\n\t\b\x7f\x03": {keyEnter, keyEnter, keyTab, keyBackspace, keyBackspace, keyCtrlC},
		"é":                {'é'},
	} {
		keys, rest := decode([]byte(text))
		require.Equal(t, want, keys, "%q", text)
		require.Empty(t, rest, "%q", text)
	}
	for _, part := range []string{"\x1b[", "\x1b[1;", "\xc3"} { // the beginning of a key
		keys, rest := decode([]byte(part))
		require.Empty(t, keys, "%q", part)
		require.Equal(t, part, string(rest))
	}
	keys, rest := decode([]byte("\x1b[" + strings.Repeat("1;", 40)))
	require.Empty(t, keys)
	require.Empty(t, rest, "no key is that long")
}

func TestOffset(t *testing.T) {
	for ms, want := range map[int64]string{
		0: "+0.0s", -49: "+0.0s", 1500: "+1.5s", -9900: "-9.9s", 59_999: "+59s", 60_000: "+1m00s",
		-1464_000: "-24m24s", 3_600_000: "+1h00m", -90_061_000: "-1d01h",
	} {
		require.Equal(t, want, (&face{ErrorMS: ms, ClockSet: true}).offset())
	}
	require.Equal(t, "unset", (&face{}).offset())
}

// TestFits checks that a screen of any size has its rows and columns, and that the time
// is always on it.
func TestFits(t *testing.T) {
	m := model{
		clock: clock{Mode: "scaled", Rate: 60, Now: time.Date(2031, 11, 30, 14, 59, 0, 0, time.UTC)},
		total: 1_000_000, message: strings.Repeat("long ", 50),
	}
	for i := range 50 {
		digits := 6 + 2*(i%2)
		m.faces = append(m.faces, face{
			Tag: uint64(i + 1), Serial: "ZZFB0000000" + strconv.Itoa(i%10), State: "PROVISIONED",
			ClockSet: true, Battery: 1, view: virtual.View{Digits: digits, Contrast: 1},
		})
	}
	all := m.faces
	for columns := 8; columns < 140; columns += 3 {
		for rows := 2; rows < 40; rows += 2 {
			for mode := range 4 {
				m.columns, m.rows = columns, rows
				m.asList, m.help, m.searching = mode == 1, mode == 2, mode == 3
				m.show(all)
				lines := strings.Split(m.draw(m.at), "\n")
				require.LessOrEqual(t, len(lines), rows)
				for _, line := range lines {
					require.LessOrEqual(t, utf8.RuneCountInString(line), columns, line)
				}
				require.Contains(t, lines[0], "14:59:00")
				if mode < 2 {
					require.Contains(t, strings.Join(lines, ""), "ZZFB"[:min(4, columns-2)])
				}
			}
		}
	}
}

// TestCard: each line of a face has the same width, also with a long name.
func TestCard(t *testing.T) {
	m := model{}
	for _, f := range []face{
		{Serial: "ZZFB00000001", State: "LOCKED", ClockSet: true, ErrorMS: -8_640_000_000_000, Battery: 1},
		{HardwareID: "dce80f93211c556e", State: "PROVISIONED"},
		{Serial: strings.Repeat("9", 40), State: "WIPED", view: virtual.View{Black: true}},
	} {
		for _, digits := range []int{6, 8} {
			f.view.Digits = digits
			for i, line := range m.card(&f, 8+4*digits, digits == 8) {
				require.Equal(t, 8+4*digits, utf8.RuneCountInString(line), "line %d: %s", i, line)
			}
		}
	}
}

// TestClean: a server cannot send sequences to the terminal.
func TestClean(t *testing.T) {
	m := model{columns: 80, rows: 24, total: 1}
	m.show([]face{{HardwareID: "\x1b]0;title\a", State: "\x1b[2J", view: virtual.View{Digits: 6}}})
	m.say("\x1b[31mred", true)
	require.NotContains(t, m.draw(m.at), "\x1b")
	m.asList = true
	require.NotContains(t, m.draw(m.at), "\x1b")
}

// TestRun runs the wall without a terminal. It ends when its keyboard does, and reports a
// fleet that does not answer, however the connection ends.
func TestRun(t *testing.T) {
	world, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(world, fleet.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	api := control.New(f, control.Options{Key: "key-of-the-test"})
	var gone atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gone.Load() {
			panic(http.ErrAbortHandler) // the client reads io.EOF
		}
		api.ServeHTTP(w, r)
	}))
	defer server.Close()
	var last string
	o := Options{
		Client: &control.Client{URL: server.URL, Key: "key-of-the-test"}, Keys: strings.NewReader(""),
		Size: func() (int, int) { return 80, 24 },
		Draw: func(text string) error { last = text; return nil },
	}
	require.NoError(t, Run(t.Context(), o))
	require.Contains(t, last, "There are no tokens")

	// The fleet goes away and comes back, which the wall notices by its requests.
	keys, keyboard := io.Pipe()
	defer keyboard.Close()
	o.Keys = keys
	steps := []string{"There are no tokens", "NO ANSWER", "2027-01-0"} // with or without the day of the key d
	o.Draw = func(text string) error {
		if len(steps) == 0 || !strings.Contains(text, steps[0]) {
			return nil
		}
		switch steps = steps[1:]; len(steps) {
		case 2:
			gone.Store(true)
			go keyboard.Write([]byte("d")) // a request, whose connection breaks
		case 1:
			world.Advance(365 * 24 * time.Hour)
			gone.Store(false)
		case 0:
			go keyboard.Write([]byte("q"))
		}
		return nil
	}
	require.NoError(t, Run(t.Context(), o))
	gone.Store(true)
	require.ErrorIs(t, Run(t.Context(), o), control.ErrUnreachable, "from the beginning")

	gone.Store(false)
	o.Client = &control.Client{URL: server.URL, Key: "another"}
	require.ErrorContains(t, Run(t.Context(), o), "send the API key")
	stopped, stop := context.WithCancel(t.Context())
	stop()
	require.NoError(t, Run(stopped, o))
}
