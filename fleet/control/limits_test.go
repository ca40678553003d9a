// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// TestEndOfTime checks that the clock cannot be moved before the world's beginning or
// beyond its end. Beyond the end, numbers of nanoseconds would overflow.
func TestEndOfTime(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serial := c.make(`{"ready":true}`)[0]
	for _, by := range []string{"P292Y", "P250Y", "2562047h47m16s", "P293Y", "P99999999999999999999Y", "PT" + strings.Repeat("9", 50) + "S"} {
		for path, why := range map[string]string{
			"/v1/time/advance": "the world ends at 2261-12-31T23:59:59Z", "/v1/tokens/" + serial + "/age": "want 0 s to 200 years",
			"/v1/tokens/" + serial + "/skew": "want -200 years to 200 years",
		} {
			require.Contains(t, c.detail("POST", path, `{"by":"`+by+`"}`), why)
		}
	}
	for _, by := range []string{"P1e9Y", "9999999999h", "P1.5.5Y", "P", "PT", "P1H", "1 day", "90", "NaN", "InfY", "PInfY", "PNaND", "--5s", "-+P1Y", "+-P1Y", "P-1Y"} {
		c.refused(422, "invalid_period", "POST", "/v1/time/advance", `{"by":"`+by+`"}`)
		c.refused(422, "invalid_period", "POST", "/v1/tokens/"+serial+"/age", `{"by":"`+by+`"}`)
		c.refused(422, "invalid_period", "POST", "/v1/tokens/"+serial+"/skew", `{"by":"`+by+`"}`)
	}
	for _, to := range []string{"2262-01-01T00:00:00Z", "2261-12-31T23:59:59.5Z", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z", "0001-01-02T00:00:00Z"} {
		c.refused(422, "invalid", "POST", "/v1/time/advance", `{"to":"`+to+`"}`)
		c.refused(422, "invalid", "PUT", "/v1/time", `{"now":"`+to+`"}`)
	}
	c.refused(422, "invalid", "POST", "/v1/time/advance", `{"to":"tomorrow"}`)
	c.refused(422, "invalid", "PUT", "/v1/time", `{}`)
	c.refused(422, "invalid", "PUT", "/v1/time", `{"mode":"manual","rate":5}`)
	require.Equal(t, "2026-01-01T00:00:00Z", c.do("GET", "/v1/time", "")["now"], "nothing happened")

	require.Equal(t, "2261-12-31T23:59:59Z", c.do("POST", "/v1/time/advance", `{"to":"2261-12-31T23:59:59Z"}`)["now"])
	c.do("GET", "/v1/tokens/"+serial, "")
	c.refused(409, "no_code", "GET", "/v1/tokens/"+serial+"/code", "")
	c.refused(422, "invalid", "POST", "/v1/time/advance", `{"by":"PT1S"}`)
	require.Equal(t, true, c.do("GET", "/v1/time", "")["ended"])

	// A token that still lives has no step ahead.
	c.make(`{"ready":true,"expiry":"2270-01-01"}`)
	status, body := c.send("POST", "/v1/time/advance", `{"until":"next_step"}`)
	require.Equal(t, 409, status)
	require.Contains(t, string(body), "no time step begins before the end of the world, at 2261-12-31T23:59:59Z")
	status, body = c.send("POST", "/v1/time/advance", `{"until":"event"}`)
	require.Equal(t, 409, status)
	require.Contains(t, string(body), "before the end of the world")
	status, body = c.send("GET", "/v1/tokens/"+serial+"/wait?display=8&timeout=PT1S", "")
	require.Equal(t, 408, status)
	require.Contains(t, string(body), "the world has ended, at 2261-12-31T23:59:59Z")
	status, body = c.send("GET", "/v1/tokens/"+serial+"/wait?display=8&real_timeout=1ms", "")
	require.Equal(t, 408, status)
	require.Contains(t, string(body), "longer than its real_timeout: the world has ended")
}

// TestRunawayClock: a scaled clock that reaches the end of the world stands there.
func TestRunawayClock(t *testing.T) {
	machine := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := newClient(t, virtual.Config{Seed: 7, Mode: virtual.Scaled, Rate: virtual.MaxRate, Machine: func() time.Time { return machine }}, control.Options{})
	serial := c.make(`{"ready":true,"profile":"button-6"}`)[0]
	machine = machine.Add(time.Hour) // 114,000 years
	for _, path := range []string{"/v1/time", "/v1/tokens", "/v1/tokens/" + serial, "/v1/tokens/" + serial + "/display", "/v1/events"} {
		c.do("GET", path, "")
	}
	now := c.do("GET", "/v1/time", "")
	require.Equal(t, "2261-12-31T23:59:59Z", now["now"])
	require.Equal(t, true, now["ended"])
	c.do("POST", "/v1/tokens/"+serial+"/press", "")
	c.refused(409, "no_code", "GET", "/v1/tokens/"+serial+"/code", "")
	c.send("GET", "/v1/tokens/"+serial+"/wait?display=8&timeout=PT1S", "")
	c.do("PUT", "/v1/time", `{"mode":"manual"}`)
	c.refused(422, "invalid", "POST", "/v1/time/advance", `{"by":"PT1S"}`)
}

// TestFarSkew: a clock that was moved by thousands of years can still be written.
func TestFarSkew(t *testing.T) {
	for _, by := range []string{"P200Y", "-P200Y"} {
		c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
		serial := c.make(`{"ready":true,"profile":"button-6"}`)[0]
		at := "/v1/tokens/" + serial
		for range 60 {
			c.do("POST", at+"/skew", `{"by":"`+by+`"}`)
		}
		c.do("GET", at, "")
		c.do("GET", at+"/display", "")
		c.send("GET", at+"/code", "")
		c.do("POST", at+"/age", `{"by":"P200Y"}`)
		c.do("POST", at+"/age", `{"by":"P200Y"}`)
		c.do("POST", at+"/battery", `{"do":"replace"}`)
		c.do("GET", "/v1/events", "")
		c.do("GET", "/v1/tokens", "")
	}
}

// TestNumbers: numbers that JSON cannot have, or that no hardware has, are refused.
func TestNumbers(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serial := c.make(`{"ready":true}`)[0]
	at := "/v1/tokens/" + serial
	for _, n := range []string{"NaN", "Infinity", "-Infinity", "1e999", `"25"`, "null", "25.", "0x19", "1e400", "[25]", "1000", "-61"} {
		status, b := c.send("POST", at+"/temperature", `{"celsius":`+n+`}`)
		require.Contains(t, []int{400, 422}, status, "%s: %s", n, b)
		status, b = c.send("PATCH", at, `{"celsius":`+n+`}`)
		require.Contains(t, []int{400, 422}, status, "%s: %s", n, b)
		if n != "null" { // the same as left out
			status, b = c.send("POST", "/v1/tokens", `{"temp":`+n+`}`)
			require.Contains(t, []int{400, 422}, status, "%s: %s", n, b)
		}
	}
	for _, body := range []string{`{"count":-1}`, `{"count":1.5}`, `{"count":1e10}`, `{"count":99999999999999999999}`, `{"ppm":1e308}`, `{"expiry":"2027-02-30"}`, `{"expiry":"never"}`, `{"age":"-P1Y"}`, `{"age":"P2Y","age_to":"P1Y"}`, `[]`, `"x"`, `{"count":1}{}`, `{"count":1,"count":2}`, `{"Count":1}`, ``} {
		status, b := c.send("POST", "/v1/tokens", body)
		require.Contains(t, []int{400, 422}, status, "%s: %s", body, b)
	}
	for _, q := range []string{"limit=0", "limit=10001", "limit=x", "limit=-1", "limit=1e3", "after=-1", "after=99999999999", "state=happy", "expires_before=soon", "battery_below=NaN", "battery_below=2", "error_above=1000", "error_above=-1s"} {
		status, b := c.send("GET", "/v1/tokens?"+q, "")
		require.Equal(t, 422, status, "%s: %s", q, b)
	}
	require.Equal(t, 1, c.fleet.Len(), "nothing was made")
}

// TestSnapshotsOfOthers: a snapshot of another version, another fleet or another program is
// refused, and changes nothing.
func TestSnapshotsOfOthers(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{AllowSeedExport: true})
	serial := c.make(`{"ready":true}`)[0]
	c.do("POST", "/v1/snapshots", `{"name":"a"}`)
	_, file := c.send("GET", "/v1/snapshots/a", "")
	put := func(body string) (string, string) {
		status, b := c.send("PUT", "/v1/snapshots/b", body, "Content-Type", "application/octet-stream")
		require.Equal(t, 422, status, "%s", b)
		return body, string(b)
	}
	_, answer := put(strings.Replace(string(file), `"version":1`, `"version":2`, 1))
	require.Contains(t, answer, "its version is 2")
	_, answer = put(strings.Replace(string(file), `"world_seed":7`, `"world_seed":8`, 1))
	require.Contains(t, answer, "--world-seed 8")
	put(string(file[:len(file)/2]))
	put(string(file) + "{}")
	put(strings.Replace(string(file), `"data":"`, `"data":"AAAA`, 1))
	for _, body := range []string{"null", "[]", "{}", "0", `{"tokens":null}`, "\x00\x01"} {
		put(body)
	}
	c.refused(404, "not_found", "POST", "/v1/snapshots/b/restore", "")

	// Another fleet with the same world seed: token 1 is another token there.
	other := newClient(t, virtual.Config{Seed: 7}, control.Options{AllowSeedExport: true})
	first := other.make(`{"ready":true}`)[0]
	other.do("DELETE", "/v1/tokens/"+first, "")
	other.make(`{"ready":true}`)
	status, b := other.send("PUT", "/v1/snapshots/a", strings.Replace(string(file), `"tag":1`, `"tag":2`, 1), "Content-Type", "application/octet-stream")
	require.Equal(t, 200, status, "%s", b)
	other.refused(422, "invalid_snapshot", "POST", "/v1/snapshots/a/restore", "")
	require.Len(t, other.do("POST", "/v1/snapshots/a/fork", "")["items"], 1)

	// A token that was removed.
	c.do("DELETE", "/v1/tokens/"+serial, "")
	c.refused(404, "not_found", "POST", "/v1/snapshots/a/restore", "")
}

func TestSnapshotLimit(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	c.make(`{}`)
	for i := range 100 {
		c.do("POST", "/v1/snapshots", `{"name":"s`+strings.Repeat("x", i%50)+strings.Repeat("y", i/50)+`"}`)
	}
	c.refused(409, "snapshot_limit", "POST", "/v1/snapshots", `{"name":"more"}`)
	c.do("POST", "/v1/snapshots", `{"name":"s"}`) // replaces one
	c.do("DELETE", "/v1/snapshots/s", "")
	c.do("POST", "/v1/snapshots", `{"name":"more"}`)
}
