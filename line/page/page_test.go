// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/internal/ui/uitest"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/page"
)

// customer has a name that must be escaped.
const customer = "Example Bank & Co"

// desk is a station whose events a test makes.
type desk struct {
	t      *testing.T
	view   *line.View
	shown  *page.Station
	pages  *page.Server
	server *httptest.Server
	end    func(cause error) // ends all streams
	due    string            // the serial number whose label is due
	taken  []string

	orderDone atomic.Int64 // by all stations
}

func newDesk(t *testing.T, change func(*page.Options)) *desk {
	d := &desk{t: t}
	d.view = line.NewView(line.ViewConfig{
		Station: "bench 1", Order: "ORD-1", Customer: customer, Labels: line.LabelTakenFirst, Counts: journal.Counts{Wanted: 8},
		OrderDone: func() int64 { return d.orderDone.Load() },
	})
	d.shown = page.NewStation(d.view, func(number int, scanned string) error {
		if number != 2 && !strings.EqualFold(scanned, d.due) || d.due == "" {
			return line.ErrNoLabel
		}
		d.taken = append(d.taken, d.due)
		d.add(line.Event{Number: 2, Result: line.Pass, Serial: d.due, LabelTaken: true, Advice: "remove it"})
		d.due = ""
		return nil
	})
	o := page.Options{Key: testKey, Stations: []*page.Station{d.shown}, Event: func(err error) { t.Errorf("the pages reported: %v", err) }}
	if change != nil {
		change(&o)
	}
	d.pages = page.New(o)
	d.listen(tooltest.FreeAddress(d.t)) // a test restarts it
	return d
}

// listen serves the pages at an address.
func (d *desk) listen(addr string) {
	d.t.Helper()
	l, err := net.Listen("tcp", addr)
	require.NoError(d.t, err)
	base, cancel := context.WithCancelCause(context.Background())
	d.end = cancel
	d.server = httptest.NewUnstartedServer(d.pages)
	d.server.Listener.Close()
	d.server.Listener = l
	d.server.Config.BaseContext = func(net.Listener) context.Context { return base }
	d.server.Start()
	server := d.server
	d.t.Cleanup(func() {
		cancel(nil)
		server.Close()
	})
}

// open logs a browser in.
func (d *desk) open() *uitest.Tab {
	d.t.Helper()
	b := uitest.NewTab(d.t, d.server.URL)
	b.Open(d.pages.NewLink())
	b.WaitUntil(isLive)
	return b
}

func (d *desk) add(e line.Event) {
	e.Time = time.Now()
	d.view.Add(e)
	d.shown.Add(e)
}

// passes finishes a unit in socket 2, whose label is due.
func (d *desk) passes(serial string) {
	d.due = serial
	d.add(line.Event{Number: 2, Result: line.Working, Step: line.StepLabel, Serial: serial})
	d.add(line.Event{Number: 2, Result: line.Pass, Serial: serial, Label: true, Cycle: 1, Advice: "take the label"})
}

// do sends a request. Headers are pairs.
func (d *desk) do(method, path, body string, headers ...string) (*http.Response, string) {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.server.URL+path, strings.NewReader(body))
	require.NoError(d.t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a, err := client.Do(r)
	require.NoError(d.t, err)
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	require.NoError(d.t, err)
	return a, string(text)
}

const bearer = "Bearer " + testKey

// cookie logs in with a link.
func (d *desk) cookie() string {
	d.t.Helper()
	a, _ := d.do("GET", d.pages.NewLink(), "")
	require.Equal(d.t, 303, a.StatusCode)
	require.Len(d.t, a.Cookies(), 1)
	c := a.Cookies()[0]
	require.True(d.t, c.HttpOnly)
	require.Equal(d.t, http.SameSiteStrictMode, c.SameSite)
	return c.Name + "=" + c.Value
}

// TestAccess refuses clients without the key, a link or a session, from another site, or
// under another name.
func TestAccess(t *testing.T) {
	d := newDesk(t, nil)
	station := "/stations/bench%201"
	api := "/v1" + station
	for _, path := range []string{"/", "/stations", station, "/nothing"} {
		a, _ := d.do("GET", path, "")
		require.Equal(t, 303, a.StatusCode, path)
		require.Equal(t, "/login", a.Header.Get("Location"), path)
	}
	for _, path := range []string{station + "/live", "/stations/live"} {
		a, text := d.do("GET", path, "")
		require.Equal(t, 401, a.StatusCode, path)
		require.NotContains(t, text, "ORD-1")
	}
	for _, key := range []string{"", "Bearer", "Bearer x", "Basic " + testKey, testKey} {
		a, _ := d.do("GET", api, "", "Authorization", key)
		require.Equal(t, 401, a.StatusCode, key)
	}
	a, _ := d.do("GET", "/v1/healthz", "")
	require.Equal(t, 200, a.StatusCode)
	a, text := d.do("GET", api, "", "Authorization", bearer)
	require.Equal(t, 200, a.StatusCode)
	require.Contains(t, text, `"order":"ORD-1"`)
	a, text = d.do("GET", api, "", "Authorization", bearer, "Host", "evil.example")
	require.Equal(t, 421, a.StatusCode)
	require.Contains(t, text, "unknown_host")

	session := d.cookie()
	a, text = d.do("GET", station, "", "Cookie", session, "Accept-Language", "en")
	require.Equal(t, 200, a.StatusCode)
	require.Contains(t, text, "Example Bank &amp; Co")
	require.Contains(t, text, `href="/stations/bench%201" aria-current="page"`)
	require.NotContains(t, text, "PASS", "only the stream has results")
	require.Contains(t, a.Header.Get("Content-Security-Policy"), "script-src 'self';")
	a, _ = d.do("GET", api, "", "Cookie", session)
	require.Equal(t, 401, a.StatusCode, "a session is for pages")

	d.passes("ZZFB00000001")
	for _, headers := range [][]string{
		{"Cookie", session, "Sec-Fetch-Site", "cross-site"},
		{"Cookie", session, "Origin", "https://evil.example"},
		{"Cookie", session[:len(session)-1]},
		{},
	} {
		a, _ = d.do("POST", station+"/labels", "entry=2", append(headers, "Content-Type", "application/x-www-form-urlencoded")...)
		require.Contains(t, []int{401, 403}, a.StatusCode, headers)
	}
	require.Empty(t, d.taken)
	a, _ = d.do("POST", station+"/labels", "entry=2", "Cookie", session, "Sec-Fetch-Site", "same-origin", "Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, 200, a.StatusCode)
	require.Equal(t, []string{"ZZFB00000001"}, d.taken)
}

// TestLinks works once, and not for a program that only looks.
func TestLinks(t *testing.T) {
	d := newDesk(t, nil)
	link := d.pages.NewLink()
	a, _ := d.do("HEAD", link, "")
	require.Empty(t, a.Cookies())
	a, _ = d.do("GET", link, "")
	require.Equal(t, 303, a.StatusCode)
	require.NotEmpty(t, a.Cookies())
	a, text := d.do("GET", link, "", "Accept-Language", "en")
	require.Equal(t, 410, a.StatusCode)
	require.Empty(t, a.Cookies())
	require.Contains(t, text, "used before")
	a, _ = d.do("GET", "/login/AAAA", "")
	require.Equal(t, 410, a.StatusCode)

	a, text = d.do("POST", "/v1/links", "", "Authorization", bearer)
	require.Equal(t, 200, a.StatusCode)
	var made struct{ URL string }
	require.NoError(t, json.Unmarshal([]byte(text), &made))
	require.True(t, strings.HasPrefix(made.URL, d.server.URL+"/login/"), made.URL)
	a, _ = d.do("GET", strings.TrimPrefix(made.URL, d.server.URL), "")
	require.NotEmpty(t, a.Cookies())

	form := func(key string) (*http.Response, string) {
		return d.do("POST", "/login", url.Values{"key": {key}}.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Accept-Language", "en")
	}
	a, text = form("wrong-key-of-the-tests")
	require.Equal(t, 422, a.StatusCode)
	require.NotContains(t, text, "wrong-key-of-the-tests")
	a, _ = form("")
	require.Equal(t, 422, a.StatusCode)
	a, _ = form(testKey)
	require.Equal(t, 303, a.StatusCode)
	require.NotEmpty(t, a.Cookies())
}

// TestSessions go on after a restart with the same key, and end with another one.
func TestSessions(t *testing.T) {
	session := newDesk(t, nil).cookie()
	_, value, _ := strings.Cut(session, "=")
	for key, want := range map[string]int{testKey: 200, "another-key-of-the-tests": 303} {
		d := newDesk(t, func(o *page.Options) { o.Key = key })
		name := "fob-line-" + strings.Split(d.server.URL, ":")[2]
		a, _ := d.do("GET", "/stations", "", "Cookie", name+"="+value)
		require.Equal(t, want, a.StatusCode, key)
	}
}

// TestLogout ends the session of a browser, also for a copy of its cookie, and no other one.
func TestLogout(t *testing.T) {
	d := newDesk(t, nil)
	session, other := d.cookie(), d.cookie()
	for _, cookie := range []string{session[:len(session)-2], session, session} {
		_, _ = d.do("POST", "/logout", "", "Cookie", cookie, "Sec-Fetch-Site", "same-origin")
	}
	for path, refused := range map[string]int{"/stations": 303, "/stations/live": 401} {
		a, _ := d.do("GET", path, "", "Cookie", session)
		require.Equal(t, refused, a.StatusCode, path)
	}
	a, _ := d.do("GET", "/stations", "", "Cookie", other)
	require.Equal(t, 200, a.StatusCode)
}

// TestLabels are taken by number and serial number, over the API.
func TestLabels(t *testing.T) {
	d := newDesk(t, nil)
	post := func(body string) (int, string) {
		a, text := d.do("POST", "/v1/stations/bench%201/labels", body, "Authorization", bearer)
		return a.StatusCode, strings.TrimSpace(text)
	}
	d.passes("ZZFB00000001")
	for body, want := range map[string]string{
		`{"entry":"3"}`:            "label_not_due",
		`{"entry":"ZZFB00000009"}`: "label_wrong",
		`{"entry":" "}`:            "invalid",
		`{}`:                       "invalid",
		`{"entry":"2","entry":2}`:  "invalid",
		`{"Entry":"2"}`:            "invalid",
		`[]`:                       "invalid",
		strings.Repeat(" ", 5000):  "too_large",
	} {
		status, text := post(body)
		require.GreaterOrEqual(t, status, 400, body)
		require.Contains(t, text, `"code":"`+want+`"`, body)
	}
	require.Empty(t, d.taken)
	status, text := post(`{"entry":"  ZZFB00000001 "}`)
	require.Equal(t, 200, status, text)
	require.JSONEq(t, `{"serial":"ZZFB00000001"}`, text)
	d.passes("ZZFB00000002")
	status, text = post(`{"entry":"2"}`)
	require.Equal(t, 200, status, text)
	require.Equal(t, []string{"ZZFB00000001", "ZZFB00000002"}, d.taken)
}

// TestAPI answers like the API of a fleet.
func TestAPI(t *testing.T) {
	d := newDesk(t, nil)
	d.passes("ZZFB00000001")
	get := func(path string) (int, map[string]any) {
		a, text := d.do("GET", path, "", "Authorization", bearer)
		v := map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(text), &v), text)
		if a.StatusCode >= 400 {
			require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
		}
		return a.StatusCode, v
	}
	for path, code := range map[string]string{
		"/v1/nothing": "not_found", "/v1/stations/none": "not_found", "/v1/stations//x": "not_found", "/v1/stations?x=1": "invalid",
		"/v1/links": "method_not_allowed", "/v1/stations/bench%201/events?limit=0": "invalid", "/v1/stations/bench%201/events?after_seq=9": "invalid",
		"/v1/stations/bench%201/events?after_seq=1&after_seq=1": "invalid",
	} {
		status, v := get(path)
		require.GreaterOrEqual(t, status, 400, path)
		require.Equal(t, code, v["code"], path)
	}
	_, v := get("/v1/stations/bench%201")
	require.Equal(t, "bench 1", v["station"])
	port := v["ports"].([]any)[0].(map[string]any)
	require.Equal(t, "pass", port["result"])
	require.Equal(t, true, port["label_due"])
	_, v = get("/v1/stations/bench%201/units")
	require.Equal(t, "ZZFB00000001", v["items"].([]any)[0].(map[string]any)["serial"])
	_, v = get("/v1/stations")
	require.Len(t, v["items"], 1)
	_, v = get("/v1/stations/bench%201/events?after_seq=1&limit=1")
	require.Len(t, v["events"], 1)
	require.EqualValues(t, 2, v["next"])
	require.EqualValues(t, 2, v["seq"])
	require.EqualValues(t, 1, v["oldest"])
	require.EqualValues(t, 0, v["dropped"])
}

// sse is an event of a stream.
type sse struct{ id, event, data string }

// follow reads a stream until f returns false.
func (d *desk) follow(lastID string, f func(sse) bool) {
	d.t.Helper()
	ctx, cancel := context.WithCancel(d.t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", d.server.URL+"/v1/stations/bench%201/events", nil)
	require.NoError(d.t, err)
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Authorization", bearer)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	a, err := http.DefaultClient.Do(r)
	require.NoError(d.t, err)
	defer a.Body.Close()
	require.Equal(d.t, 200, a.StatusCode)
	var e sse
	for lines := bufio.NewScanner(a.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.event = value
		case "data":
			e.data = value
		case "":
			if e.data != "" && !f(e) {
				return
			}
			e = sse{}
		}
	}
	d.t.Fatal("the stream has ended")
}

// TestEventsResume goes on after the last event that a client has. A gap is an event of its own.
func TestEventsResume(t *testing.T) {
	d := newDesk(t, nil)
	for n := range 12 {
		d.add(line.Event{Number: 1, Result: line.Fail, Reason: fmt.Sprint("reason ", n+1)})
	}
	var first []sse
	d.follow("", func(e sse) bool {
		first = append(first, e)
		return len(first) < 12
	})
	require.Contains(t, first[0].data, `"reason":"reason 1"`)
	var next []sse
	d.follow(first[9].id, func(e sse) bool {
		next = append(next, e)
		return len(next) < 2
	})
	require.Equal(t, first[10:], next)

	d.follow("other-9", func(e sse) bool { // of another run
		require.Equal(t, "restarted", e.event)
		return false
	})
	for n := range 10_000 { // the oldest are dropped
		d.add(line.Event{Number: 1, Result: line.Fail, Reason: fmt.Sprint("more ", n+1)})
	}
	var after []sse
	d.follow(first[9].id, func(e sse) bool {
		after = append(after, e)
		return len(after) < 2
	})
	require.Equal(t, sse{event: "dropped", data: `{"dropped":2,"oldest":13}`}, after[0])
	require.Contains(t, after[1].data, `"reason":"more 1"`)
}

// TestSharedLedger shows the other stations of a ledger, and which of them do not report.
func TestSharedLedger(t *testing.T) {
	status, err := json.Marshal(line.Status{Station: "far", Order: "ORD-1", Customer: "Bank", Wanted: 8, Done: 3, Ports: []line.SocketStatus{{Number: 1, Result: line.Pass}}})
	require.NoError(t, err)
	list := []journal.StationReport{
		{Name: "bench 1", Seen: time.Now().Add(-time.Hour)}, // this station, as it reported
		{Name: "far", URL: "https://far.example:8443", Seen: time.Now(), Report: status},
		{Name: "old", URL: "javascript:alert(1)", Seen: time.Now().Add(-time.Hour), Report: status},
		{Name: "odd", Seen: time.Now(), Report: json.RawMessage(`[1]`)},
	}
	var away error
	d := newDesk(t, func(o *page.Options) {
		o.Reports = func(context.Context) ([]journal.StationReport, error) {
			now := slices.Clone(list)
			now[1].Seen, now[3].Seen = time.Now(), time.Now() // on a slow machine the reports would be stale
			return now, away
		}
	})
	d.passes("ZZFB00000001")
	a, text := d.do("GET", "/v1/stations", "", "Authorization", bearer)
	require.Equal(t, 200, a.StatusCode)
	var v struct {
		Items []struct {
			Station     string
			Here, Stale bool
			Status      *line.Status
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &v))
	require.Len(t, v.Items, 4)
	require.Equal(t, "bench 1", v.Items[0].Station)
	require.True(t, v.Items[0].Here)
	require.False(t, v.Items[0].Stale)
	require.EqualValues(t, 3, v.Items[1].Status.Done)
	require.Equal(t, []bool{false, false, false, true}, []bool{v.Items[0].Stale, v.Items[1].Stale, v.Items[2].Stale, v.Items[3].Stale})
	require.Nil(t, v.Items[2].Status)

	session := d.cookie()
	html := d.firstUpdate("/stations/live", session)
	require.Contains(t, html, "far.example:8443")
	require.NotContains(t, html, "javascript:")
	require.NotContains(t, html, "ZgotmplZ")
	require.Contains(t, html, "7 of 8", "the order is counted once: 1 here, 3 there, and 3 of the old station")

	away = errors.New("no route to host")
	d = newDesk(t, func(o *page.Options) {
		o.Reports = func(context.Context) ([]journal.StationReport, error) { return nil, away }
	})
	a, text = d.do("GET", "/v1/stations", "", "Authorization", bearer)
	require.Equal(t, 503, a.StatusCode)
	require.Contains(t, text, "ledger_unavailable")
	require.Contains(t, d.firstUpdate("/stations/live", d.cookie()), "shared ledger does not answer")
}

// TestNewerStation shows a report with results and steps of a newer program, and impossible
// times.
func TestNewerStation(t *testing.T) {
	report := json.RawMessage(`{"station":"far","passed":1,"slowest_stage":{"stage":"engrave"},
		"warnings":["haunted"],"ports":[{"number":1,"result":"hacked","stage":"engrave"},{"number":2,"result":"pass"},{"number":3}]}`)
	d := newDesk(t, func(o *page.Options) {
		o.Reports = func(context.Context) ([]journal.StationReport, error) {
			return []journal.StationReport{
				{Name: "far", Seen: time.Now(), Report: report},
				{Name: "mad", Seen: time.UnixMilli(9e15), Report: report},
				{Name: "soon", Seen: time.Now().Add(48 * time.Hour), Report: report},
			}, nil
		}
	})
	html := d.firstUpdate("/stations/live", d.cookie())
	require.Contains(t, html, "Port 1: unknown")
	require.Contains(t, html, "Port 2: PASS")
	require.Contains(t, html, "Port 3: unknown")
	require.Contains(t, html, "unknown (")
	require.Contains(t, html, "No report since unknown")
	a, text := d.do("GET", "/v1/stations", "", "Authorization", bearer)
	require.Equal(t, 200, a.StatusCode, text)
	var v struct {
		Items []struct {
			Station string
			Stale   bool
			Seen    *time.Time
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &v))
	require.Len(t, v.Items, 4)
	require.False(t, v.Items[1].Stale)
	require.True(t, v.Items[2].Stale)
	require.Nil(t, v.Items[2].Seen)
	require.True(t, v.Items[3].Stale, "a time of the future")
}

// firstUpdate returns the first update of a page.
func (d *desk) firstUpdate(path, session string) string {
	d.t.Helper()
	ctx, cancel := context.WithCancel(d.t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", d.server.URL+path, nil)
	require.NoError(d.t, err)
	r.Header.Set("Cookie", session)
	r.Header.Set("Accept-Language", "en")
	a, err := http.DefaultClient.Do(r)
	require.NoError(d.t, err)
	defer a.Body.Close()
	lines := bufio.NewReader(a.Body)
	for {
		text, err := lines.ReadString('\n')
		require.NoError(d.t, err)
		data, ok := strings.CutPrefix(text, "data: ")
		if !ok {
			continue
		}
		var u struct{ Parts map[string]string }
		require.NoError(d.t, json.Unmarshal([]byte(data), &u))
		all := ""
		for _, part := range u.Parts {
			all += part
		}
		return all
	}
}
