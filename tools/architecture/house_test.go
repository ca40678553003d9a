// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBuild(t *testing.T) {
	h, err := build([]goPackage{
		{path: "cmd/fob", imports: []string{"fleet", "token"}},
		{path: "fleet", imports: []string{"internal/errclass", "token"}},
	})
	require.NoError(t, err)
	to := h.arrows(h.of("cmd/fob"))
	require.Len(t, to, 1, "the token is reached through the fleet")
	require.Equal(t, "fleet", to[0].name)
	require.Len(t, h.arrows(h.of("fleet")), 1, "helpers have no arrow")

	_, err = build([]goPackage{{path: "token", imports: []string{"fleet"}}})
	require.ErrorContains(t, err, "token imports fleet, which stands beside it or above it")
	_, err = build([]goPackage{{path: "attic/box"}})
	require.ErrorContains(t, err, "attic/box is in no room")
}
