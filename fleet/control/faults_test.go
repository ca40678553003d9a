// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// body returns the JSON of an answer, which is sent back.
func (c *client) body(path string) string {
	c.t.Helper()
	b, err := json.Marshal(c.do("GET", path, ""))
	require.NoError(c.t, err)
	return string(b)
}

// TestFaultsReplaced: PUT replaces all faults of a token, and GET returns them in the same form.
func TestFaultsReplaced(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	at := "/v1/tokens/" + c.make(`{"ready":true}`)[0]
	faults := at + "/faults"
	healthy := c.do("GET", at, "")
	require.Empty(t, healthy["faults"])
	require.JSONEq(t, `{}`, c.body(faults))

	set := `{"dead":["d0.a","d0.b","d0.c","d0.d","d0.e","d0.f","d0.g"],"ghost":["bar5"],"flash_fail":true,"power_cut_at":3}`
	broken := c.do("PUT", faults, set)
	require.Equal(t, []any{"dead", "ghost", "flash_fail", "power_cut_at"}, broken["faults"])
	require.Equal(t, " ", broken["display"].(string)[:1])
	require.JSONEq(t, set, c.body(faults))
	require.Equal(t, broken["display"], c.do("PUT", faults, c.body(faults))["display"])

	require.Equal(t, []any{"power_cut_at"}, c.do("PUT", faults, `{"power_cut_at":1}`)["faults"])
	require.JSONEq(t, `{"power_cut_at":1}`, c.body(faults))
	for _, none := range []string{`{}`, `{"dead":[]}`, `{"dead":[],"ghost":[],"flash_fail":false,"power_cut_at":0}`} {
		c.do("PUT", faults, set)
		mended := c.do("PUT", faults, none)
		require.Equal(t, healthy["display"], mended["display"], none)
		require.Empty(t, mended["faults"])
		require.JSONEq(t, `{}`, c.body(faults))
	}
	c.do("PUT", faults, set)
	require.Empty(t, c.do("DELETE", faults, "")["faults"])

	c.do("PUT", faults, set)
	c.refused(422, "invalid", "PUT", faults, `{"dead":["nose"]}`)
	require.JSONEq(t, set, c.body(faults), "a refused request changes nothing")
}

// TestLineFaultsReplaced is TestFaultsReplaced for the line of a port.
func TestLineFaultsReplaced(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	at := "/v1/tokens/" + c.make(`{"ready":true}`)[0]
	id := c.do("POST", at+"/ports", `{"as":"tcp"}`)["id"].(string)
	faults := "/v1/ports/" + id + "/faults"
	require.JSONEq(t, `{}`, c.body(faults))
	set := `{"in":{"seed":7,"flip":0.1,"drop":0.2,"double":0.3,"insert":0.4,"stall_at":5,"stall":"2s","unplug_after":9,"baud":9600},"out":{"drop":1}}`
	c.do("PUT", faults, set)
	require.JSONEq(t, set, c.body(faults))
	c.do("PUT", faults, c.body(faults))
	require.JSONEq(t, set, c.body(faults))
	require.Equal(t, []any{"line"}, c.do("GET", at, "")["faults"])
	c.do("PUT", faults, `{"out":{"baud":300}}`)
	require.JSONEq(t, `{"out":{"baud":300}}`, c.body(faults))
	c.do("DELETE", faults, "")
	require.JSONEq(t, `{}`, c.body(faults))
	require.Empty(t, c.do("GET", at, "")["faults"])
	c.do("PUT", faults, set)
	c.do("PUT", faults, `{}`)
	require.JSONEq(t, `{}`, c.body(faults))
	c.refused(404, "not_found", "GET", "/v1/ports/p9/faults", "")
	c.refused(404, "not_found", "DELETE", "/v1/ports/p9/faults", "")
}

// TestFieldsThatDoNotApply: a field that has no effect beside the others is refused.
func TestFieldsThatDoNotApply(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	at := "/v1/tokens/" + c.make(`{"ready":true}`)[0]
	id := c.do("POST", at+"/ports", `{"as":"pty"}`)["id"].(string)
	for _, r := range [][3]string{
		{"POST", at + "/ports", `{"as":"pty","port":9000}`},
		{"POST", at + "/ports", `{"as":"pty","port":0}`},
		{"PUT", "/v1/ports/" + id + "/faults", `{"in":{"stall":"2s"}}`},
		{"PUT", "/v1/ports/" + id + "/faults", `{"out":{"stall_at":2}}`},
		{"PUT", "/v1/time", `{"mode":"real","rate":2}`},
		{"GET", at + "/wait?state=LOCKED&after_seq=1", ""},
	} {
		c.refused(422, "invalid", r[0], r[1], r[2])
	}
	c.refused(422, "invalid", "GET", "/v1/events?limit=5", "", "Accept", "text/event-stream")
	for _, lot := range []string{
		`{"expiry":"2030-01-01"}`, `{"expiry_to":"2030-01-01"}`, `{"serial_kind":"oath"}`, `{"age_temp":30}`, `{"ppm":1,"crystal":"good"}`,
	} {
		c.refused(422, "invalid_lot", "POST", "/v1/tokens", lot)
	}
	require.Equal(t, 1, c.fleet.Len())
	c.do("POST", "/v1/ports/"+id+"/unplug", "")
	c.refused(422, "invalid", "POST", "/v1/ports/"+id+"/replug", `{"port":9000}`)
	c.do("POST", "/v1/ports/"+id+"/replug", "")
}

// TestAmbiguous: a serial number that a token and its fork have is refused everywhere, and
// the answer has the hardware ids, by which all works.
func TestAmbiguous(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	serial := c.make(`{"ready":true}`)[0]
	first := c.do("GET", "/v1/tokens/"+serial, "")["hardware_id"].(string)
	c.do("POST", "/v1/snapshots", `{"name":"s"}`)
	fork := c.do("POST", "/v1/snapshots/s/fork", "")["items"].([]any)[0].(object)["hardware_id"].(string)
	requests := func(name string) [][3]string {
		at := "/v1/tokens/" + name
		return [][3]string{
			{"GET", at, ""}, {"PATCH", at, `{"ppm":1}`}, {"POST", at + "/press", ""},
			{"GET", at + "/display", ""}, {"GET", at + "/code", ""}, {"GET", at + "/wait?state=locked", ""},
			{"POST", at + "/skew", `{"by":"1s"}`}, {"POST", at + "/age", `{"by":"P1D"}`},
			{"POST", at + "/temperature", `{"celsius":20}`}, {"POST", at + "/crystal", `{"ppm":1}`}, {"POST", at + "/drop", ""},
			{"POST", at + "/battery", `{"do":"insert"}`}, {"GET", at + "/faults", ""}, {"PUT", at + "/faults", `{}`},
			{"DELETE", at + "/faults", ""}, {"POST", at + "/ports", `{"as":"tcp"}`}, {"GET", at + "/ports", ""},
			{"POST", "/v1/oracle", `{"token":"` + name + `","code":"123456"}`},
			{"POST", "/v1/snapshots", `{"name":"t","tokens":["` + name + `"]}`},
			{"GET", "/v1/events?token=" + name, ""}, {"DELETE", at, ""},
		}
	}
	for _, r := range requests(serial) {
		status, b := c.send(r[0], r[1], r[2])
		require.Equal(t, 409, status, "%v: %s", r, b)
		var p struct{ Code, Detail string }
		require.NoError(t, json.Unmarshal(b, &p))
		require.Equal(t, "ambiguous", p.Code)
		require.Contains(t, p.Detail, first+", "+fork)
	}
	for _, r := range requests(fork) {
		c.do(r[0], r[1], r[2])
	}
	c.do("GET", "/v1/tokens/"+serial, "") // the fork is gone
}
