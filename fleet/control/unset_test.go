// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// TestClockNotSet: a token that has lost its clock has no clock error, not one of 0.
func TestClockNotSet(t *testing.T) {
	c := newClient(t, virtual.Config{Seed: 7}, control.Options{})
	at := "/v1/tokens/" + c.make(`{"ready":true}`)[0]
	require.EqualValues(t, 0, c.do("GET", at, "")["error_ms"])
	lost := c.do("POST", at+"/battery", `{"do":"remove"}`)
	require.Equal(t, false, lost["clock_set"])
	require.Contains(t, lost, "error_ms")
	require.Nil(t, lost["error_ms"])
}
