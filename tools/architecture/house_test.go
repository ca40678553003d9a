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
	to := h.arrows(h.roomOf("cmd/fob"))
	require.Len(t, to, 1, "the arrow to token is omitted, because fleet imports it")
	require.Equal(t, "fleet", to[0].name)
	require.Len(t, h.arrows(h.roomOf("fleet")), 1, "internal has no arrow")

	_, err = build([]goPackage{{path: "token", imports: []string{"fleet"}}})
	require.ErrorContains(t, err, "token imports fleet, which is in the same row or above")
	_, err = build([]goPackage{{path: "attic/box"}})
	require.ErrorContains(t, err, "attic/box belongs to no room")
}
