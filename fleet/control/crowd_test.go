// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"encoding/json"
	"io"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// settles waits until a number is at most the limit. Goroutines end a moment after
// their effect can be seen.
func settles(t *testing.T, most int, number func() int, what string) {
	t.Helper()
	require.Eventually(t, func() bool { return number() <= most }, patience, 5*time.Millisecond,
		"%s: %d, want at most %d", what, number(), most)
}

// waiting waits until that many waits have set their alarms.
func (c *crowd) waiting(n int) {
	c.t.Helper()
	require.Eventually(c.t, func() bool { return c.fleet.World().Alarms() >= n }, patience, 5*time.Millisecond)
}

// TestManyWaits: ten thousand waits need no goroutine besides the two that net/http has
// for each connection, one advance answers all, and nothing is left.
func TestManyWaits(t *testing.T) {
	waits := 10_000
	if raceEnabled {
		waits = 2_000 // a race detector has at most 8,128 goroutines
	}
	goroutines := runtime.NumGoroutine()
	c := newCrowd(t, fleet.Lot{Count: 100, Ready: true, Profile: "button-6"})
	serials := c.serials()
	var clients []*pipe
	for i := range waits {
		p := c.dial()
		clients = append(clients, p)
		what := []string{"event=display-off", "display=" + url.QueryEscape(`^\d{6}$`), "state=EXPIRED"}[i%3]
		require.NoError(t, p.ask("GET", "/v1/tokens/"+serials[i%len(serials)]+"/wait?"+what+"&real_timeout=PT1H", ""))
	}
	c.waiting(waits)
	settles(t, goroutines+2*waits+10, runtime.NumGoroutine, "goroutines")

	for m := range c.fleet.All(0) {
		_, err := m.Do((*virtual.Token).Press)
		require.NoError(t, err)
	}
	c.fleet.World().Advance(10 * virtual.Year)
	for i, p := range clients {
		status, body, err := p.hear()
		require.NoError(t, err)
		require.Equal(t, 200, status, "%d: %s", i, body)
		require.NoError(t, p.Close())
	}
	settles(t, 0, c.fleet.World().Alarms, "alarms")
	c.stop()
	settles(t, goroutines+2, runtime.NumGoroutine, "goroutines")
}

// TestClientsLeave: waits whose clients are gone end.
func TestClientsLeave(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	c := newCrowd(t, fleet.Lot{Count: 10, Ready: true})
	serials := c.serials()
	const waits = 300
	var clients []*pipe
	for i := range waits {
		p := c.dial()
		clients = append(clients, p)
		require.NoError(t, p.ask("GET", "/v1/tokens/"+serials[i%len(serials)]+"/wait?state=BLANK&real_timeout=PT1H", ""))
	}
	c.waiting(waits)
	for _, p := range clients {
		require.NoError(t, p.Close())
	}
	settles(t, 0, c.fleet.World().Alarms, "alarms")
	settles(t, goroutines+2, runtime.NumGoroutine, "goroutines")
	c.stop()
}

// TestStreamsLeave: streams whose clients are gone end, and so do codes that wait for
// another step.
func TestStreamsLeave(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	c := newCrowd(t, fleet.Lot{Count: 10, Ready: true})
	serials := c.serials()
	changer := c.dial()
	require.NoError(t, changer.ask("PUT", "/v1/time", `{"mode":"scaled","rate":0.001}`)) // a step takes 17 hours
	status, body, err := changer.hear()
	require.NoError(t, err)
	require.Equal(t, 200, status, body)
	require.NoError(t, changer.Close())
	const each = 100
	var clients []*pipe
	for i := range each {
		p := c.dial()
		clients = append(clients, p)
		_, err := io.WriteString(p, "GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+key+"\r\nAccept: text/event-stream\r\n\r\n")
		require.NoError(t, err)
		line, err := p.r.ReadString('\n') // the stream has begun
		require.NoError(t, err)
		require.Contains(t, line, " 200 ")

		p = c.dial()
		clients = append(clients, p)
		at := "/v1/tokens/" + serials[i%len(serials)] + "/code?fresh=true&real_timeout=PT1H"
		require.NoError(t, p.ask("GET", at, ""))
		if i < len(serials) { // the first code of a token does not wait
			status, body, err := p.hear()
			require.NoError(t, err)
			require.Equal(t, 200, status, body)
			require.NoError(t, p.ask("GET", at, ""))
		}
	}
	c.waiting(each)
	for _, p := range clients {
		require.NoError(t, p.Close())
	}
	settles(t, 0, c.fleet.World().Alarms, "alarms")
	settles(t, goroutines+2, runtime.NumGoroutine, "goroutines")
	c.stop()
}

// TestServerEnds: the end of the server ends waits and streams.
func TestServerEnds(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	c := newCrowd(t, fleet.Lot{Count: 1, Ready: true})
	p := c.dial()
	require.NoError(t, p.ask("GET", "/v1/tokens/"+c.serials()[0]+"/wait?state=BLANK&real_timeout=PT1H", ""))
	c.waiting(1)
	c.stop()
	_, _, err := p.hear()
	require.Error(t, err)
	settles(t, goroutines+1, runtime.NumGoroutine, "goroutines")
	settles(t, 0, c.fleet.World().Alarms, "alarms")
}

// TestRemovedMeanwhile: the removal of a token ends the waits for it.
func TestRemovedMeanwhile(t *testing.T) {
	c := newCrowd(t, fleet.Lot{Count: 1, Ready: true})
	defer c.stop()
	serial := c.serials()[0]
	var clients []*pipe
	for _, what := range []string{"state=BLANK", "event=drop", "display=nosuch", "state=BLANK&timeout=P1Y"} {
		p := c.dial()
		clients = append(clients, p)
		require.NoError(t, p.ask("GET", "/v1/tokens/"+serial+"/wait?"+what+"&real_timeout=PT1H", ""))
	}
	c.waiting(len(clients))
	remover := c.dial()
	require.NoError(t, remover.ask("DELETE", "/v1/tokens/"+serial, ""))
	status, body, err := remover.hear()
	require.NoError(t, err)
	require.Equal(t, 204, status, body)
	for _, p := range clients {
		status, body, err := p.hear()
		require.NoError(t, err)
		require.Equal(t, 404, status, body)
		require.Contains(t, body, "the token was removed")
	}
	require.NoError(t, remover.ask("DELETE", "/v1/tokens/"+serial, ""))
	status, _, err = remover.hear()
	require.NoError(t, err)
	require.Equal(t, 404, status)
	settles(t, 0, c.fleet.World().Alarms, "alarms")
}

// together runs the requests of many clients at once.
func (c *crowd) together(clients int, request func(i int) (method, path, body string)) (answers []string) {
	c.t.Helper()
	answers = make([]string, clients)
	var wait sync.WaitGroup
	for i := range clients {
		p := c.dial()
		wait.Go(func() {
			defer p.Close()
			method, path, body := request(i)
			if err := p.ask(method, path, body); err != nil {
				c.t.Error(err)
				return
			}
			status, answer, err := p.hear()
			if err != nil || status != 200 {
				c.t.Errorf("%s %s: %d %v: %s", method, path, status, err, answer)
			}
			answers[i] = answer
		})
	}
	wait.Wait()
	return answers
}

// TestThousandClients: a thousand clients of one token each get a fresh code of a step
// of its own.
func TestThousandClients(t *testing.T) {
	c := newCrowd(t, fleet.Lot{Count: 1, Ready: true, Crystal: fleet.CrystalPerfect})
	defer c.stop()
	serial := c.serials()[0]
	steps := map[int64]bool{}
	const clients = 1000
	for _, answer := range c.together(clients, func(int) (string, string, string) {
		return "GET", "/v1/tokens/" + serial + "/code?fresh=true&min_remaining=PT1M&real_timeout=PT1H", ""
	}) {
		var code struct {
			Step   int64 `json:"step"`
			LeftMS int64 `json:"left_ms"`
		}
		require.NoError(t, json.Unmarshal([]byte(answer), &code))
		require.False(t, steps[code.Step], "step %d was handed out twice", code.Step)
		require.EqualValues(t, 60_000, code.LeftMS)
		steps[code.Step] = true
	}
	require.Len(t, steps, clients)
	// Everything else at once: nothing fails.
	c.together(clients, func(i int) (string, string, string) {
		at := "/v1/tokens/" + serial
		all := [][3]string{
			{"GET", at, ""}, {"POST", at + "/press", ""}, {"GET", at + "/display", ""}, {"POST", at + "/skew", `{"by":"1ms"}`},
			{"POST", "/v1/snapshots", `{"name":"a"}`}, {"GET", "/v1/codes", ""}, {"GET", "/v1/events?limit=10", ""},
			{"POST", "/v1/time/advance", `{"by":"PT1S"}`}, {"PATCH", at, `{"celsius":30}`}, {"GET", at + "/wait?state=LOCKED", ""},
		}
		r := all[i%len(all)]
		return r[0], r[1], r[2]
	})
}

// TestTwoAdvance: clients that advance the clock at once lose nothing, and the log is in
// order.
func TestTwoAdvance(t *testing.T) {
	c := newCrowd(t, fleet.Lot{Count: 50, Ready: true, Profile: "button-6"})
	defer c.stop()
	begin := c.fleet.World().Now()
	const clients = 400
	c.together(clients, func(i int) (string, string, string) {
		if i%4 == 0 {
			return "POST", "/v1/tokens/" + c.serials()[i%50] + "/press", ""
		}
		return "POST", "/v1/time/advance", `{"by":"PT1S"}`
	})
	require.Equal(t, begin.Add(clients*3/4*time.Second), c.fleet.World().Now())
	last := fleet.Entry{}
	pressed := 0
	for _, e := range c.fleet.Log().After(nil, 0, 1<<20) {
		require.Equal(t, last.Seq+1, e.Seq)
		require.GreaterOrEqual(t, e.World, last.World, "%v after %v", e, last)
		last = e
		if e.Kind == virtual.EventPress {
			pressed++
		}
	}
	require.Equal(t, clients/4, pressed)
}

// TestNever: a wait that cannot come true is refused at once.
func TestNever(t *testing.T) {
	c := newCrowd(t, fleet.Lot{Count: 1, Ready: true})
	defer c.stop()
	p := c.dial()
	for _, what := range []string{
		"event=advance", "event=clock-mode", "event=pause", "event=resume", "event=press&after_seq=1000000",
		"display=" + url.QueryEscape(`^\d{8}$`), "display=1234567", "display=" + url.QueryEscape(`(ab|cde){4}`),
		"display=" + url.QueryEscape(`[^\x00-\x{10FFFF}]`),
	} {
		require.NoError(t, p.ask("GET", "/v1/tokens/"+c.serials()[0]+"/wait?"+what, ""))
		status, body, err := p.hear()
		require.NoError(t, err)
		require.Equal(t, 422, status, what)
		require.Contains(t, body, `"code":"never"`, what)
	}
	for _, what := range []string{"display=" + url.QueryEscape(`^(\d{6}|\d{8})$`), "display=" + url.QueryEscape(`\d+`), "display=" + url.QueryEscape(`^x*\d{0,9}`)} {
		require.NoError(t, p.ask("GET", "/v1/tokens/"+c.serials()[0]+"/wait?"+what, ""))
		status, body, err := p.hear()
		require.NoError(t, err)
		require.Equal(t, 200, status, "%s: %s", what, body)
	}
}

// TestPausedClock: a code that comes only when the clock runs is a conflict while it is
// paused, and not a wait.
func TestPausedClock(t *testing.T) {
	c := newCrowd(t, fleet.Lot{Count: 1, Ready: true})
	defer c.stop()
	p := c.dial()
	at := "/v1/tokens/" + c.serials()[0] + "/code?fresh=true"
	ask := func(method, path, body string) (int, string) {
		require.NoError(t, p.ask(method, path, body))
		status, answer, err := p.hear()
		require.NoError(t, err)
		return status, answer
	}
	status, _ := ask("PUT", "/v1/time", `{"mode":"real","paused":true}`)
	require.Equal(t, 200, status)
	status, _ = ask("GET", at, "")
	require.Equal(t, 200, status)
	status, body := ask("GET", at, "")
	require.Equal(t, 409, status)
	require.Contains(t, body, "clock_stopped")
	// Not the whole of a step: the clock runs on until the answer is written.
	status, body = ask("GET", strings.Replace(at, "fresh=true", "min_remaining=PT1M", 1), "")
	require.Equal(t, 422, status, body)
}
