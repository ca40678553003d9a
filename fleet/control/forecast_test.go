// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// TestForecast: the forecast has the values that the token has after the operation age,
// and changes nothing.
func TestForecast(t *testing.T) {
	for _, profile := range []string{"always-on-6", "button-6"} {
		c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
		at := "/v1/tokens/" + c.make(`{"ready":true,"profile":"` + profile + `"}`)[0]
		before := c.do("GET", at, "")
		f := c.do("GET", at+"/forecast?by=P5Y&celsius=10&points=3", "")
		require.Equal(t, before, c.do("GET", at, ""))
		require.Equal(t, "P5Y", f["by"])
		require.Equal(t, 10.0, f["celsius"])
		points := f["points"].([]any)
		require.Len(t, points, 3)
		require.Equal(t, object{
			"after_ms": 0.0, "error_ms": before["error_ms"], "battery": before["battery"], "mv": before["mv"], "state": before["state"],
		}, points[0])

		aged := c.do("POST", at+"/age", `{"by":"P5Y","celsius":10}`)
		for _, field := range []string{
			"error_ms", "display", "step", "left_ms", "battery", "mv", "state", "expiry", "ppm", "true_time", "token_time",
		} {
			require.Equal(t, aged[field], f[field], field)
		}
		last := points[2].(object)
		require.Equal(t, 5*virtual.Year.Seconds()*1000, last["after_ms"])
		for _, field := range []string{"error_ms", "battery", "mv", "state"} {
			require.Equal(t, aged[field], last[field], field)
		}
		code := c.do("GET", at+"/code", "")["code"]
		require.Equal(t, code, f["code"])
		require.Equal(t, c.do("GET", at+"/display", "")["view"], f["view"])
		require.Equal(t, true, f["genuine"])
		require.Less(t, f["offset"].(float64), -1.0)
		verdict := c.do("POST", "/v1/oracle", `{"token":"ZZFB00000001","code":"`+code.(string)+`"}`)
		require.Equal(t, verdict["offset"], f["offset"])
	}
}

// TestForecastRefused: wrong periods, temperatures and numbers of points are refused, and a
// token without a battery has no code and no clock error.
func TestForecastRefused(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	at := "/v1/tokens/" + c.make(`{"ready":true}`)[0] + "/forecast"
	for _, query := range []string{
		"", "?by=", "?by=-1d", "?by=201y", "?by=P300Y", "?by=1y&celsius=126", "?by=1y&celsius=-61", "?by=1y&celsius=NaN",
		"?by=1y&celsius=Inf", "?by=1y&points=1", "?by=1y&points=-1", "?by=1y&points=501", "?by=1y&points=x", "?by=1y&x=1",
		"?by=1y&by=2y",
	} {
		status, b := c.send("GET", at+query, "")
		require.Equal(t, 422, status, "%s: %s", query, b)
	}
	c.refused(422, "invalid_period", "GET", at+"?by=1+year", "")
	c.refused(404, "not_found", "GET", "/v1/tokens/ZZFB00000009/forecast?by=1y", "")

	f := c.do("GET", at+"?by=200y&celsius=-60&points=500", "")
	require.Len(t, f["points"], 500)
	require.Equal(t, "DEAD", f["state"])
	require.Nil(t, f["error_ms"])
	require.NotContains(t, f, "code")
	require.Equal(t, false, f["genuine"])
	require.Equal(t, 0.0, f["offset"])
}
