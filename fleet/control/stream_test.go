// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// event is a server-sent event.
type event struct {
	id, kind string
	data     object
}

// open opens a stream of events and returns a function that reads the next.
func (c *client) open(path string, headers ...string) (next func() event) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), "GET", c.url+path, nil)
	require.NoError(c.t, err)
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := http.DefaultClient.Do(r)
	require.NoError(c.t, err)
	c.t.Cleanup(func() { a.Body.Close() })
	require.Equal(c.t, 200, a.StatusCode)
	require.Equal(c.t, "text/event-stream", a.Header.Get("Content-Type"))
	lines := bufio.NewScanner(a.Body)
	return func() (e event) {
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.kind = value
			case "data":
				require.NoError(c.t, json.Unmarshal([]byte(value), &e.data))
			case "":
				if e.data != nil {
					return e
				}
			}
		}
		require.FailNow(c.t, "the stream ended", "%v", lines.Err())
		return e
	}
}

// TestStreamResumes: a client that reconnects with the id of its last event goes on with
// the next (https://html.spec.whatwg.org/multipage/server-sent-events.html).
func TestStreamResumes(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	c.make(`{"count":10}`)
	next := c.open("/v1/events")
	for _, id := range []string{"1", "2", "3"} {
		require.Equal(t, id, next().id)
	}
	next = c.open("/v1/events?after_seq=1", "Last-Event-ID", "3")
	require.Equal(t, "4", next().id)
	c.refused(422, "invalid", "GET", "/v1/events", "", "Accept", "text/event-stream", "Last-Event-ID", "x")
	c.refused(422, "invalid", "GET", "/v1/events", "", "Accept", "text/event-stream", "Last-Event-ID", "99")
	c.refused(422, "invalid", "GET", "/v1/events?after_seq=99", "")
	c.refused(422, "invalid", "GET", "/v1/events?after_seq=-1", "")
	c.refused(422, "invalid", "GET", "/v1/events?kind=press,lunch", "")
	c.refused(404, "not_found", "GET", "/v1/events?token=ZZFB00000009", "")
}

func TestEventFilters(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serials := c.make(`{"count":3,"ready":true,"profile":"button-6"}`)
	next := c.open("/v1/events?kind=press,display-on&token=" + serials[1])
	for _, serial := range serials {
		c.do("POST", "/v1/tokens/"+serial+"/press", "")
	}
	id := c.do("GET", "/v1/tokens/"+serials[1], "")["hardware_id"]
	for _, kind := range []string{"press", "display-on"} {
		e := next()
		require.Equal(t, kind, e.data["event"])
		require.Equal(t, id, e.data["token"])
	}
	page := c.do("GET", "/v1/events?kind=press&limit=2", "")
	require.Len(t, page["events"], 2)
	page = c.do("GET", "/v1/events?kind=press&limit=2&after_seq="+itoa(int64(page["next"].(float64))), "")
	require.Len(t, page["events"], 1)
	require.Equal(t, page["seq"], page["next"])
	page = c.do("GET", "/v1/events?kind=removed", "")
	require.Empty(t, page["events"])
	require.Equal(t, page["seq"], page["next"])
}

// TestSlowStream checks that a client that does not read holds nothing up. When it reads
// on, it receives the number of events that it has missed.
func TestSlowStream(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{LogSize: 100})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	c := &client{t, f, httptestServer(t, control.New(f, control.Options{Key: key}))}
	serial := c.make(`{"ready":true}`)[0]
	m, err := f.Find(serial)
	require.NoError(t, err)
	next := c.open("/v1/events")
	require.Equal(t, "1", next().id)
	// More than all buffers between the server and this client can hold.
	for range 200_000 {
		m.Token.Skew(time.Millisecond)
	}
	last, dropped := 1, false
	for last < int(f.Log().Seq()) {
		e := next()
		if e.kind == "dropped" {
			dropped = true
			last = int(e.data["oldest"].(float64)) - 1
			continue
		}
		last++
		require.EqualValues(t, last, e.data["seq"], "no gap without a word")
	}
	require.True(t, dropped)
}

// TestSlowRequest: a request whose body does not come is answered and ends.
func TestSlowRequest(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	url := httptestServer(t, control.New(f, control.Options{Key: key, BodyTimeout: 50 * time.Millisecond}))
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /v1/time/advance HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+key+
		"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"by\":")
	require.NoError(t, err)
	a, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	require.NoError(t, err)
	require.Equal(t, 408, a.StatusCode, "%s", b)
	require.Contains(t, string(b), "body_timeout")
}
