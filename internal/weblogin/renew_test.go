// SPDX-License-Identifier: Apache-2.0

package weblogin

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRenewLink: a display shows the same link until it is used or half of its life is over.
func TestRenewLink(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g := New(Options{Name: "test", Key: "key", Now: func() time.Time { return now }})
	first := g.RenewLink("")
	require.Equal(t, first, g.RenewLink(first))
	now = now.Add(linkLife/2 - time.Second)
	require.Equal(t, first, g.RenewLink(first))
	now = now.Add(time.Second)
	second := g.RenewLink(first)
	require.NotEqual(t, first, second)
	for _, link := range []string{first, second} { // a person may still type the one before
		require.True(t, g.sessions.useLink(strings.TrimPrefix(link, LoginPath+"/")))
	}
	require.NotEqual(t, second, g.RenewLink(second))
}
