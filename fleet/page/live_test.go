// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// message is a live message, as a page reads it.
type message struct {
	id    string
	Run   string
	Clock *struct {
		UnixMS  int64 `json:"unix_ms"`
		Running bool
	}
	Faces []struct {
		Tag    uint32
		Serial string
		Text   string
		State  string
		Faults []string
	}
	Gone  []uint32
	Count *struct {
		All, Shown int
		More       bool
	}
	Events []fleet.EventLine
	Token  *struct{ Display json.RawMessage }
}

// listener reads the live messages of a page.
type listener struct {
	t     testing.TB
	lines *bufio.Reader
	close func()
	bytes int
}

// listen opens the messages of a page, after the message with an id.
func (r *rig) listen(query, after string) *listener {
	r.t.Helper()
	return r.listenTo("/live?"+query, after, r.session())
}

// listenTo opens the stream at a path for a session.
func (r *rig) listenTo(path, after, session string) *listener {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	q, err := http.NewRequestWithContext(ctx, "GET", r.server.URL+path, nil)
	require.NoError(r.t, err)
	q.Header.Set("Cookie", session)
	q.Header.Set("Accept", "text/event-stream")
	q.Header.Set("Last-Event-ID", after)
	a, err := http.DefaultClient.Do(q)
	require.NoError(r.t, err)
	require.Equal(r.t, http.StatusOK, a.StatusCode)
	r.t.Cleanup(func() {
		cancel()
		a.Body.Close()
	})
	return &listener{r.t, bufio.NewReader(a.Body), cancel, 0}
}

// next returns the next message. Beats are left out.
func (l *listener) next() (m message) {
	l.t.Helper()
	for event := ""; ; {
		line, err := l.lines.ReadString('\n')
		require.NoError(l.t, err)
		l.bytes += len(line)
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch {
		case name == "event":
			event = value
		case name == "id":
			m.id = value
		case name == "data" && event == "update":
			require.NoError(l.t, json.Unmarshal([]byte(value), &m))
			return m
		}
	}
}

// until returns the first message that has something.
func (l *listener) until(has func(message) bool) message {
	l.t.Helper()
	for {
		if m := l.next(); has(m) {
			return m
		}
	}
}

func tagOf(tag uint32) func(message) bool {
	return func(m message) bool {
		for _, f := range m.Faces {
			if f.Tag == tag {
				return true
			}
		}
		return false
	}
}

// TestLiveWall: the wall gets all faces first, and then only those that change.
func TestLiveWall(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(250, "button-6"), ready(50, "always-on-6"))
	r.world.Advance(time.Minute) // new batteries have less than 100 % at once, and then 99 % for weeks
	began := time.Now()
	l := r.listen("page=wall", "")
	seen := map[uint32]bool{}
	for len(seen) < 300 {
		m := l.next()
		require.Equal(t, len(seen) == 0, m.Run != "")
		require.LessOrEqual(t, len(m.Faces), 200)
		for _, f := range m.Faces {
			require.False(t, seen[f.Tag], "token %d again", f.Tag)
			seen[f.Tag] = true
		}
	}
	_, err := r.member(7).Do((*virtual.Token).Press)
	require.NoError(t, err)
	m := l.next()
	require.Len(t, m.Faces, 1)
	require.Equal(t, r.serial(7), m.Faces[0].Serial)
	require.Equal(t, r.member(7).Look().Text, m.Faces[0].Text)
	require.Regexp(t, `^\d{6}$`, m.Faces[0].Text)
	if time.Since(began) < 5*time.Second { // after that, a message has the clock again
		require.Nil(t, m.Clock)
	}

	r.world.Advance(time.Hour) // the codes of the 50 change, and the pressed token goes off
	changed := map[uint32]bool{}
	for len(changed) < 51 {
		for _, f := range l.next().Faces {
			require.True(t, f.Tag == 7 || f.Tag > 250, "token %d has not changed", f.Tag)
			changed[f.Tag] = true
		}
	}

	require.NoError(t, r.fleet.Remove(r.member(300)))
	m = l.until(func(m message) bool { return len(m.Gone) > 0 })
	require.Equal(t, []uint32{300}, m.Gone)
	require.Equal(t, 299, m.Count.All)
	require.Equal(t, 299, m.Count.Shown)
}

// TestLiveFilter: a token that comes to be selected appears, and goes when it is not any
// more.
func TestLiveFilter(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(30, "button-6"))
	l := r.listen("page=wall&fault=any", "")
	require.Equal(t, 0, l.next().Count.Shown)
	m := r.member(5)
	a, text := r.send("PUT", "/v1/tokens/"+r.serial(5)+"/faults", `{"dead":["d0.a"]}`, "Authorization", "Bearer "+testKey, "Content-Type", "application/json")
	require.Equal(t, http.StatusOK, a.StatusCode, text)
	got := l.until(tagOf(m.Tag()))
	require.Equal(t, []string{"dead"}, got.Faces[0].Faults)
	a, _ = r.send("PUT", "/v1/tokens/"+r.serial(5)+"/faults", `{}`, "Authorization", "Bearer "+testKey, "Content-Type", "application/json")
	require.Equal(t, http.StatusOK, a.StatusCode)
	got = l.until(func(m message) bool { return len(m.Gone) > 0 })
	require.Equal(t, []uint32{m.Tag()}, got.Gone)
}

// TestLiveDrift: the clock of the world alone changes which tokens have an error or an empty
// battery. The wall follows, although nothing has happened to a token.
func TestLiveDrift(t *testing.T) {
	lot, ppm := ready(1, "button-6"), 20.0 // 1 s in 14 h; the battery lasts for about eight years
	lot.PPM = &ppm
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, lot)
	byError, byBattery := r.listen("page=wall&error_above=PT4S", ""), r.listen("page=wall&battery_below=0.999", "")
	require.Equal(t, 0, byError.next().Count.Shown)
	require.Equal(t, 0, byBattery.next().Count.Shown)
	require.NoError(t, r.world.SetMode(virtual.Scaled, 50_000)) // the tokens are selected after 4 s and 6 s
	for i, l := range []*listener{byError, byBattery} {
		for beats := 0; ; {
			line, err := l.lines.ReadString('\n')
			require.NoError(t, err)
			if strings.Contains(line, r.serial(1)) {
				break
			}
			if line == "event: beat\n" {
				beats++
			}
			require.Less(t, beats, 5, "stream %d: %+v", i, r.member(1).Look())
		}
	}
}

// TestLiveSession: after a log-out, the streams that the session has opened get nothing
// more, and end.
func TestLiveSession(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(1, "button-6"))
	session := r.session()
	wall := r.listenTo("/live?page=wall", "", session)
	require.NotEmpty(t, wall.next().Faces)
	token := r.listenTo("/live?page=token&token="+r.serial(1), "", session)
	require.NotNil(t, token.next().Token)
	events := r.listenTo("/v1/events?kind=press&after_seq="+strconv.FormatUint(r.fleet.Log().Seq(), 10), "", session)
	a, _ := r.send("POST", "/logout", "", "Cookie", session, "Sec-Fetch-Site", "same-origin")
	require.Equal(t, http.StatusSeeOther, a.StatusCode)
	_, err := r.member(1).Do((*virtual.Token).Press)
	require.NoError(t, err)
	for i, l := range []*listener{wall, token, events} {
		for {
			line, err := l.lines.ReadString('\n')
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			// The end of the last message, and beats while a slow machine gets here.
			require.Contains(t, []string{"\n", "event: beat\n", "data: {}\n", ": \n"}, line, "stream %d", i)
		}
	}
}

// TestLiveTwo: each of two people on one token sees the acts of the other.
func TestLiveTwo(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(2, "button-6"))
	query := "page=token&token=" + url.QueryEscape(r.serial(1))
	one, two := r.listen(query, ""), r.listen(query, "")
	require.NotNil(t, one.next().Token)
	require.NotNil(t, two.next().Token)
	for range 3 {
		_, err := r.member(1).Do((*virtual.Token).Press)
		require.NoError(t, err)
		seq := uint64(0)
		pressed := func(m message) bool {
			for _, e := range m.Events {
				if e.Event == "press" {
					require.Contains(t, []uint64{0, e.Seq}, seq)
					seq = e.Seq
					return true
				}
			}
			return false
		}
		a, b := one.until(pressed), two.until(pressed)
		require.NotNil(t, a.Token)
		require.JSONEq(t, string(a.Token.Display), string(b.Token.Display))
		r.world.Advance(time.Hour)
	}
	require.NoError(t, r.fleet.Remove(r.member(1)))
	for _, l := range []*listener{one, two, r.listen(query, "")} { // the last comes too late
		l.until(func(m message) bool { return len(m.Gone) == 1 })
	}
}

// TestLiveResumes: a page whose connection broke gets the events that it has missed, once.
// A page of another process gets all events.
func TestLiveResumes(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(1, "button-6"))
	query := "page=token&token=" + url.QueryEscape(r.serial(1))
	l := r.listen(query, "")
	first := l.next()
	require.NotEmpty(t, first.Events, "what happened before")
	newest := first.Events[len(first.Events)-1].Seq
	l.close()
	for range 3 {
		_, err := r.member(1).Do((*virtual.Token).Press)
		require.NoError(t, err)
	}
	again := r.listen(query, first.id).next()
	require.Equal(t, first.Run, again.Run)
	require.NotNil(t, again.Token)
	require.NotEmpty(t, again.Events)
	for i, e := range again.Events {
		require.Greater(t, e.Seq, newest, i)
	}
	for _, id := range []string{"another-7", first.Run + "-99999999", "nonsense", "-"} {
		m := r.listen(query, id).next()
		require.Equal(t, first.Events[0].Seq, m.Events[0].Seq, id)
	}
}

// TestLiveFast: with a clock that runs faster than a page can follow, the page gets at most
// ten messages a second, and in time all tokens have their turn.
func TestLiveFast(t *testing.T) {
	for _, rate := range []float64{60, 1e6} {
		r := newRig(t, virtual.Config{Mode: virtual.Scaled, Rate: rate}, ready(1000, "always-on-6"))
		began := time.Now() // no later than the first message, which may be read late
		l := r.listen("page=wall", "")
		times := map[uint32]int{}
		turns := 0
		l.next()
		n := 0
		for turns < 1000 {
			m := l.next()
			n++
			require.LessOrEqual(t, len(m.Faces), 200)
			for _, f := range m.Faces {
				if times[f.Tag]++; times[f.Tag] == 3 { // the first, and two changes
					turns++
				}
			}
		}
		require.GreaterOrEqual(t, time.Since(began), time.Duration(n-2)*100*time.Millisecond, "%d messages at rate %g", n, rate)
		require.Less(t, l.bytes/n, 100_000, "bytes of a message at rate %g", rate)
		l.close()
	}
}

// TestLiveEnds: the messages end with the fleet, however fast the clock runs, and the page
// learns why.
func TestLiveEnds(t *testing.T) {
	for _, c := range []virtual.Config{{Mode: virtual.Manual}, {Mode: virtual.Scaled, Rate: 1e9}} {
		r := newRig(t, c, ready(1000, "always-on-6"))
		p, host := r.serveAt("127.0.0.1:0", testKey)
		r.server.URL, r.pages = "http://"+host, p.pages
		l := r.listen("page=wall", "")
		l.next()
		p.end(control.ErrEnded)
		for line := ""; line != "event: end\n"; {
			var err error
			line, err = l.lines.ReadString('\n')
			require.NoError(t, err)
		}
	}
}

// TestLiveSlow: a browser that does not read holds up nothing. When it reads again, it gets
// the present state.
func TestLiveSlow(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(1000, "always-on-6"))
	p, host := r.serveAt("127.0.0.1:0", testKey)
	c, err := net.Dial("tcp", host)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.(*net.TCPConn).SetReadBuffer(4096)) // with the server's, much less than 1,000 faces
	a, err := http.DefaultTransport.RoundTrip(httptest.NewRequestWithContext(t.Context(), "GET", "http://"+host+p.pages.NewLink(), nil))
	require.NoError(t, err)
	require.NoError(t, a.Body.Close())
	_, err = fmt.Fprintf(c, "GET /live?page=wall HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\n\r\n", host, a.Cookies()[0].Name, a.Cookies()[0].Value)
	require.NoError(t, err)
	other := r.listen("page=wall", "")
	for range 3 {
		r.world.Advance(time.Minute)
		text := r.member(1000).Look().Text
		other.until(func(m message) bool {
			for _, f := range m.Faces {
				if f.Tag == 1000 && f.Text == text {
					return true
				}
			}
			return false
		})
	}
	text := r.member(1000).Look().Text
	slow := &listener{t: t, lines: bufio.NewReader(c)}
	line := ""
	for !strings.Contains(line, `"tag":1000,`) || !strings.Contains(line, `"text":"`+text+`"`) {
		if line, err = slow.lines.ReadString('\n'); err != nil {
			require.NoError(t, err)
		}
	}
}

// TestLiveMany: a page is not woken for tokens that it does not show.
func TestLiveMany(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(3000, "button-6"))
	l := r.listen("page=wall&limit=1000", "")
	m := l.until(tagOf(1000))
	require.NotNil(t, m)
	for i := 2001; i <= 3000; i++ {
		_, err := r.member(i).Do((*virtual.Token).Press)
		require.NoError(t, err)
	}
	_, err := r.member(1).Do((*virtual.Token).Press)
	require.NoError(t, err)
	m = l.next()
	require.Len(t, m.Faces, 1)
	require.Equal(t, uint32(1), m.Faces[0].Tag)
}
