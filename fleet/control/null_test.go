// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// TestNull: null in a request is like a field that is left out. Only the tokens of a
// snapshot must be left out, because null would be the whole fleet.
func TestNull(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	at := "/v1/tokens/" + c.make(`{"ready":true,"count":2}`)[0]
	for _, list := range []string{"null", "[]", ` null `} {
		c.refused(422, "invalid", "POST", "/v1/snapshots", `{"name":"a","tokens":`+list+`}`)
	}
	status, b := c.send("POST", "/v1/snapshots", `{"name":"a","tokens":null}`)
	require.Equal(t, 422, status)
	require.Contains(t, string(b), "null is not a list: leave the field out for all tokens")
	require.Empty(t, c.do("GET", "/v1/snapshots", "")["items"])
	require.EqualValues(t, 2, c.do("POST", "/v1/snapshots", `{"name":"a"}`)["tokens"])
	require.EqualValues(t, 1, c.do("POST", "/v1/snapshots", `{"name":"a","tokens":["ZZFB00000002"]}`)["tokens"])

	c.do("PUT", at+"/faults", `{"dead":["d0.g"],"flash_fail":true}`)
	require.Empty(t, c.do("PUT", at+"/faults", `{"dead":null,"flash_fail":null}`)["faults"])
	require.Len(t, c.do("POST", "/v1/tokens", `{"count":null,"ppm":null}`)["items"], 1)
}
