// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

const key = "key-of-the-test"

// client is a client of a new fleet.
type client struct {
	t     *testing.T
	fleet *fleet.Fleet
	url   string
}

func newClient(t *testing.T, c virtual.Config, o control.Options) *client {
	t.Helper()
	w, err := virtual.NewWorld(c)
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{})
	require.NoError(t, err)
	o.Key = key
	server := httptest.NewServer(control.New(f, o))
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, f.Close())
	})
	return &client{t, f, server.URL}
}

// send sends a request and returns the status and the body.
func (c *client) send(method, path, body string, headers ...string) (int, []byte) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	require.NoError(c.t, err)
	r.Header.Set("Authorization", "Bearer "+key)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := http.DefaultClient.Do(r)
	require.NoError(c.t, err)
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	require.NoError(c.t, err)
	requireDescribed(c.t, r, a.StatusCode, b)
	return a.StatusCode, b
}

type object = map[string]any

// do sends a request that must succeed.
func (c *client) do(method, path, body string) object {
	c.t.Helper()
	status, b := c.send(method, path, body)
	require.Less(c.t, status, 300, "%s %s: %s", method, path, b)
	var v object
	if len(b) > 0 {
		require.NoError(c.t, json.Unmarshal(b, &v), "%s", b)
	}
	return v
}

// refused sends a request that must be answered with a problem.
func (c *client) refused(status int, code, method, path, body string, headers ...string) {
	c.t.Helper()
	got, b := c.send(method, path, body, headers...)
	require.Equal(c.t, status, got, "%s %s: %s", method, path, b)
	var p struct{ Code, Detail string }
	require.NoError(c.t, json.Unmarshal(b, &p), "%s", b)
	require.Equal(c.t, code, p.Code, "%s", b)
	require.NotEmpty(c.t, p.Detail)
}

// make makes a lot and returns the serial numbers.
func (c *client) make(lot string) (serials []string) {
	c.t.Helper()
	for _, i := range c.do("POST", "/v1/tokens", lot)["items"].([]any) {
		serial, _ := i.(object)["serial"].(string) // a blank token has none
		serials = append(serials, serial)
	}
	return serials
}

// TestStory ages a token by four years in one call. A server with correct time then
// refuses its code, and the oracle returns the number of steps.
func TestStory(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serial := c.make(`{"ready":true,"ppm":-11.6,"crystal":"perfect"}`)[0]
	aged := c.do("POST", "/v1/tokens/"+serial+"/age", `{"by":"P4Y"}`)
	// -11.6 ppm are 366 s a year of 365.25 days: 1464 s in four.
	require.InDelta(t, -1464_000, aged["error_ms"], 2_000)
	code := c.do("GET", "/v1/tokens/"+serial+"/code", "")
	require.Regexp(t, `^\d{6}$`, code["code"])
	verdict := c.do("POST", "/v1/oracle", `{"token":"`+serial+`","code":"`+code["code"].(string)+`","window":2}`)
	require.Equal(t, true, verdict["found"])
	require.InDelta(t, -24.4, verdict["offset"], 0.7)
	require.Equal(t, false, verdict["would_pass"])
	require.EqualValues(t, 0, verdict["token_offset"])
}

func TestTime(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	now := c.do("GET", "/v1/time", "")
	require.Equal(t, "manual", now["mode"])
	require.Equal(t, "2026-01-01T00:00:00Z", now["now"])
	require.Equal(t, "2026-01-04T00:00:00Z", c.do("POST", "/v1/time/advance", `{"by":"P3D"}`)["now"])
	require.Equal(t, "2027-01-01T00:00:00Z", c.do("POST", "/v1/time/advance", `{"to":"2027-01-01T00:00:00Z"}`)["now"])
	require.Equal(t, "2028-01-01T00:00:00Z", c.do("PUT", "/v1/time", `{"now":"2028-01-01T00:00:00Z"}`)["now"])
	c.refused(409, "no_event", "POST", "/v1/time/advance", `{"until":"event"}`)
	c.refused(409, "no_event", "POST", "/v1/time/advance", `{"until":"next_step"}`)
	serial := c.make(`{"ready":true,"profile":"button-6","crystal":"perfect"}`)[0]
	require.Equal(t, "2028-01-01T00:01:00Z", c.do("POST", "/v1/time/advance", `{"until":"next_step"}`)["now"])
	c.do("POST", "/v1/tokens/"+serial+"/press", "")
	c.do("POST", "/v1/time/advance", `{"until":"event"}`)
	require.Equal(t, "      ", c.do("GET", "/v1/tokens/"+serial, "")["display"])

	scaled := c.do("PUT", "/v1/time", `{"mode":"scaled","rate":60}`)
	require.Equal(t, "scaled", scaled["mode"])
	require.EqualValues(t, 60, scaled["rate"])
	require.Equal(t, true, c.do("PUT", "/v1/time", `{"paused":true}`)["paused"])
	require.Equal(t, c.do("GET", "/v1/time", "")["now"], c.do("GET", "/v1/time", "")["now"])
	require.Equal(t, "real", c.do("PUT", "/v1/time", `{"mode":"real","paused":false}`)["mode"])

	for _, body := range []string{`{"by":"-P1D"}`, `{"to":"2020-01-01T00:00:00Z"}`, `{}`, `{"by":"P1D","until":"event"}`, `{"until":"lunch"}`} {
		c.refused(422, "invalid", "POST", "/v1/time/advance", body)
	}
	c.refused(422, "invalid_period", "POST", "/v1/time/advance", `{"by":"soon"}`)
	c.refused(422, "invalid_clock", "PUT", "/v1/time", `{"mode":"scaled","rate":1e12}`)
	c.refused(422, "invalid", "PUT", "/v1/time", `{"now":"1999-01-01T00:00:00Z"}`)
	c.refused(422, "invalid", "PUT", "/v1/time", `{"mode":"lunar"}`)
}

func TestTokens(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serials := c.make(`{"count":5,"ready":true}`)
	require.Len(t, serials, 5)
	c.make(`{"count":2,"profile":"button-8"}`)
	page := c.do("GET", "/v1/tokens?limit=3", "")
	require.Len(t, page["items"], 3)
	page = c.do("GET", "/v1/tokens?limit=10&after="+page["next"].(string), "")
	require.Len(t, page["items"], 4)
	require.NotContains(t, page, "next")
	require.Len(t, c.do("GET", "/v1/tokens?state=BLANK", "")["items"], 2)
	require.Len(t, c.do("GET", "/v1/tokens?model=always-on-6", "")["items"], 5)
	c.do("DELETE", "/v1/tokens/"+serials[0], "")
	c.refused(404, "not_found", "GET", "/v1/tokens/"+serials[0], "")
	c.refused(404, "not_found", "DELETE", "/v1/tokens/"+serials[0], "")
	c.refused(422, "invalid_lot", "POST", "/v1/tokens", `{"profile":"sundial"}`)
	c.refused(422, "token_limit", "POST", "/v1/tokens", `{"count":1000001}`)
	c.refused(422, "invalid", "POST", "/v1/tokens", `{"colour":"red"}`)
	c.refused(422, "invalid", "POST", "/v1/tokens", `{"count":0}`)
	c.refused(422, "invalid", "GET", "/v1/tokens?after=x", "")
	c.refused(413, "body_too_large", "POST", "/v1/tokens", `{"profile":"`+strings.Repeat("x", 2<<20)+`"}`)
}

func TestHardware(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serial := c.make(`{"ready":true,"crystal":"perfect"}`)[0]
	at := "/v1/tokens/" + serial
	require.EqualValues(t, 95_000, c.do("POST", at+"/skew", `{"by":"+95s"}`)["error_ms"])
	require.EqualValues(t, 0, c.do("POST", at+"/skew", `{"by":"-PT95S"}`)["error_ms"])
	require.InDelta(t, -0.034*35*35, c.do("POST", at+"/temperature", `{"celsius":-10}`)["ppm"], 0.01)
	c.do("POST", at+"/temperature", `{"celsius":25}`)
	require.InDelta(t, 3, c.do("POST", at+"/crystal", `{"ppm":3}`)["ppm"], 0.001)
	require.NotEqual(t, 3.0, c.do("POST", at+"/drop", "")["ppm"])
	dead := c.do("PUT", at+"/faults", `{"dead":["d0.a","d0.b","d0.c","d0.d","d0.e","d0.f","d0.g"]}`)
	require.Equal(t, " ", dead["display"].(string)[:1])
	require.NotEqual(t, " ", c.do("DELETE", at+"/faults", "")["display"].(string)[:1])
	require.Equal(t, "DEAD", c.do("POST", at+"/battery", `{"do":"remove"}`)["state"])
	c.refused(409, "no_code", "GET", at+"/code", "")
	c.refused(422, "invalid_period", "POST", at+"/skew", `{"by":"a bit"}`)
	c.refused(422, "invalid", "PUT", at+"/faults", `{"dead":["nose"]}`)
	c.refused(422, "invalid", "POST", at+"/age", `{"by":"-P1Y"}`)
	c.refused(422, "invalid", "POST", at+"/age", `{"by":"P250Y"}`)
	c.refused(422, "invalid", "POST", at+"/temperature", `{"celsius":1000}`)
	c.refused(422, "invalid", "POST", at+"/battery", `{"do":"charge"}`)
	c.refused(404, "not_found", "POST", "/v1/tokens/NONE/press", "")
}

func TestDisplay(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serial := c.make(`{"ready":true}`)[0]
	at := "/v1/tokens/" + serial + "/display"
	text := c.do("GET", at, "")["text"].(string)
	require.Regexp(t, `^\d{6}$`, text)
	_, b := c.send("GET", at, "", "Accept", "text/plain")
	require.Equal(t, text+"\n", string(b))
	_, b = c.send("GET", at, "", "Accept", "image/svg+xml")
	require.Contains(t, string(b), "<svg")
	_, b = c.send("GET", at, "", "Accept", "image/png")
	_, err := png.Decode(bytes.NewReader(b))
	require.NoError(t, err)
	c.refused(406, "not_acceptable", "GET", at, "", "Accept", "video/mp4")
}

func TestCodes(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serial := c.make(`{"ready":true,"count":3,"crystal":"perfect"}`)[0]
	first := c.do("GET", "/v1/tokens/"+serial+"/code?fresh=true", "")
	second := c.do("GET", "/v1/tokens/"+serial+"/code?fresh=true&min_remaining=30s", "")
	require.Greater(t, second["step"], first["step"])
	require.Equal(t, "2026-01-01T00:01:00Z", second["true_time"], "the manual clock was advanced")
	c.refused(422, "invalid", "GET", "/v1/tokens/"+serial+"/code?min_remaining=61s", "")
	blank := c.do("POST", "/v1/tokens", `{}`)["items"].([]any)[0].(map[string]any)["hardware_id"].(string)
	for _, query := range []string{"", "?min_remaining=5s", "?min_remaining=61s&fresh=true"} {
		c.refused(409, "no_code", "GET", "/v1/tokens/"+blank+"/code"+query, "")
	}
	require.Equal(t, second["code"], c.do("GET", "/v1/tokens/"+serial+"/code?read_only=true&min_remaining=30s", "")["code"])
	c.do("POST", "/v1/time/advance", `{"by":"50s"}`)
	c.refused(409, "clock_stopped", "GET", "/v1/tokens/"+serial+"/code?read_only=true&min_remaining=30s", "")
	c.refused(422, "invalid", "GET", "/v1/tokens/"+serial+"/code?read_only=true&fresh=true", "")
	_, b := c.send("GET", "/v1/codes", "")
	require.Equal(t, 3, bytes.Count(b, []byte("\n")))
	require.Contains(t, string(b), second["code"])
	c.refused(403, "seeds_refused", "GET", "/v1/export", "")
	c.refused(422, "invalid", "POST", "/v1/oracle", `{"token":"`+serial+`","code":"1","window":-1}`)

	open := newClient(t, virtual.Config{Seed: 7}, control.Options{AllowSeedExport: true})
	open.make(`{"ready":true,"count":3}`)
	_, b = open.send("GET", "/v1/export?format=pskc", "")
	require.Contains(t, string(b), "<Secret>")
	require.Contains(t, string(b), serial)
	open.refused(422, "invalid", "GET", "/v1/export?format=doc", "")
}

func TestPorts(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serial := c.make(`{"ready":true}`)[0]
	p := c.do("POST", "/v1/tokens/"+serial+"/ports", `{"as":"tcp"}`)
	at := "/v1/ports/" + p["id"].(string)
	require.Contains(t, p["addr"], "tcp:127.0.0.1:")
	require.Equal(t, p["addr"], c.do("GET", "/v1/tokens/"+serial, "")["ports"].([]any)[0])
	require.NotContains(t, c.do("POST", at+"/unplug", ""), "addr")
	c.refused(409, "port_state", "POST", at+"/unplug", "")
	require.Contains(t, c.do("POST", at+"/replug", "")["addr"], "tcp:127.0.0.1:")
	c.refused(409, "port_state", "POST", at+"/replug", "")
	set := c.do("PUT", at+"/faults", `{"in":{"seed":1,"drop":0.5},"out":{"seed":2,"baud":9600}}`)
	require.EqualValues(t, 0.5, set["in"].(object)["drop"])
	c.refused(422, "invalid", "PUT", at+"/faults", `{"in":{"seed":1,"drop":1.5},"out":{"seed":2}}`)
	require.Equal(t, true, c.do("PUT", at+"/wire", `{"on":true}`)["tapping"])
	_, b := c.send("GET", at+"/wire?format=pcapng", "")
	require.Equal(t, []byte{0x0A, 0x0D, 0x0D, 0x0A}, b[:4])
	require.Len(t, c.do("GET", "/v1/tokens/"+serial+"/ports", "")["items"], 1)
	c.do("DELETE", at, "")
	c.refused(404, "not_found", "GET", at, "")
	c.refused(422, "invalid", "POST", "/v1/tokens/"+serial+"/ports", `{"as":"carrier pigeon"}`)
}

func TestSnapshots(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{AllowSeedExport: true})
	serial := c.make(`{"ready":true,"profile":"button-6"}`)[0]
	require.EqualValues(t, 1, c.do("POST", "/v1/snapshots", `{"name":"a","tokens":["`+serial+`"]}`)["tokens"])
	c.do("POST", "/v1/tokens/"+serial+"/press", "")
	require.EqualValues(t, 0, c.do("POST", "/v1/snapshots/a/restore", "")["items"].([]any)[0].(object)["presses"])
	require.Len(t, c.do("POST", "/v1/snapshots/a/fork", "")["items"], 1)
	require.Equal(t, 2, c.fleet.Len())
	_, file := c.send("GET", "/v1/snapshots/a", "")
	status, _ := c.send("PUT", "/v1/snapshots/b", string(file), "Content-Type", "application/octet-stream")
	require.Equal(t, 200, status)
	require.Len(t, c.do("GET", "/v1/snapshots", "")["items"], 2)
	c.do("DELETE", "/v1/snapshots/b", "")
	c.refused(404, "not_found", "POST", "/v1/snapshots/b/restore", "")
	c.refused(422, "invalid_snapshot", "PUT", "/v1/snapshots/b", "{}", "Content-Type", "application/octet-stream")
	closed := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	closed.do("POST", "/v1/snapshots", `{"name":"a"}`)
	closed.refused(403, "seeds_refused", "GET", "/v1/snapshots/a", "")
}

func TestEvents(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serial := c.make(`{"ready":true,"profile":"button-6"}`)[0]
	r, err := http.NewRequestWithContext(t.Context(), "GET", c.url+"/v1/events?after_seq=1", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Accept", "text/event-stream")
	stream, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer stream.Body.Close()
	pressed := c.do("POST", "/v1/tokens/"+serial+"/press", "")
	lines := bufio.NewScanner(stream.Body)
	for lines.Scan() && !strings.Contains(lines.Text(), `"display-on"`) {
	}
	require.NoError(t, lines.Err())
	page := c.do("GET", "/v1/events", "")
	require.EqualValues(t, pressed["seq"], page["seq"])
	var kinds []string
	for _, e := range page["events"].([]any) {
		kinds = append(kinds, e.(object)["event"].(string))
	}
	require.Equal(t, []string{"made", "press", "flash", "display-on"}, kinds)
}

func TestWait(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serial := c.make(`{"ready":true,"profile":"button-6"}`)[0]
	at := "/v1/tokens/" + serial + "/wait"
	require.Equal(t, "LOCKED", c.do("GET", at+"?state=LOCKED", "")["state"])
	done := make(chan object, 1)
	go func() {
		_, b := c.send("GET", at+"?display=%5E%5Cd%7B6%7D%24&timeout=PT1H&real_timeout=PT1H", "")
		var v object
		_ = json.Unmarshal(b, &v)
		done <- v
	}()
	c.do("POST", "/v1/tokens/"+serial+"/press", "")
	require.Regexp(t, `^\d{6}$`, (<-done)["display"])
	c.refused(408, "real_timeout", "GET", at+"?state=BLANK&real_timeout=1ms", "")
	c.refused(422, "invalid", "GET", at, "")
	c.refused(422, "invalid", "GET", at+"?display=(", "")
	c.refused(422, "invalid", "GET", at+"?state=HAPPY", "")
	c.refused(422, "invalid", "GET", at+"?event=lunch", "")
	timed := make(chan int, 1)
	begun := make(chan struct{})
	go func() {
		close(begun)
		status, _ := c.send("GET", at+"?state=BLANK&timeout=PT1M", "")
		timed <- status
	}()
	<-begun
	for {
		c.do("POST", "/v1/time/advance", `{"by":"PT1M"}`)
		select {
		case status := <-timed:
			require.Equal(t, 408, status)
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestAdmission(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{KnownHost: func(host string) bool { return host == "rig.example" }})
	c.refused(401, "unauthorized", "GET", "/v1/time", "", "Authorization", "Bearer wrong")
	c.refused(401, "unauthorized", "GET", "/v1/time", "", "Authorization", "")
	c.refused(401, "unauthorized", "GET", "/openapi.json", "", "Authorization", "")
	c.refused(421, "unknown_host", "GET", "/v1/time", "", "Host", "evil.example:80")
	c.refused(421, "unknown_host", "GET", "/v1/healthz", "", "Host", "evil.example")
	for _, host := range []string{"localhost:1", "127.0.0.1", "[::1]:9", "rig.example:80", "LOCALHOST"} {
		status, b := c.send("GET", "/v1/time", "", "Host", host)
		require.Equal(t, 200, status, "%s: %s", host, b)
	}
	status, _ := c.send("GET", "/v1/healthz", "", "Authorization", "")
	require.Equal(t, 200, status)
	c.refused(404, "not_found", "GET", "/v1/lunch", "")
	c.refused(422, "invalid", "GET", "/v1/time?colour=red", "")
}

func httptestServer(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// TestCurl checks that a body is JSON also with the content type that curl -d sends, as
// curl's manual says, and that others are refused.
func TestCurl(t *testing.T) {
	c := newClient(t, virtual.Config{}, control.Options{})
	status, b := c.send("POST", "/v1/time/advance", `{"by":"P1D"}`, "Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, http.StatusOK, status, "%s", b)
	require.Equal(t, "2026-01-02T00:00:00Z", c.do("GET", "/v1/time", "")["now"])
	c.refused(http.StatusBadRequest, "bad_request", "POST", "/v1/time/advance", "by=P1D", "Content-Type", "application/x-www-form-urlencoded")
	c.refused(http.StatusUnsupportedMediaType, "unsupported_media_type", "POST", "/v1/time/advance", `{}`, "Content-Type", "text/xml")
}

// TestPausedFirst checks that a clock which becomes real and paused in one request does
// not run in between.
func TestPausedFirst(t *testing.T) {
	c := newClient(t, virtual.Config{}, control.Options{})
	c.do("PUT", "/v1/time", `{"mode":"real","paused":true}`)
	c.do("PUT", "/v1/time", `{"mode":"manual","paused":false}`)
	require.Equal(t, "2026-01-01T00:00:00Z", c.do("GET", "/v1/time", "")["now"])
	c.refused(http.StatusUnprocessableEntity, "invalid_clock", "PUT", "/v1/time", `{"mode":"scaled","paused":true}`)
	require.Equal(t, false, c.do("GET", "/v1/time", "")["paused"], "a refused request changes nothing")
}
