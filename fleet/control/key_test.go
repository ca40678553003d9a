// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

// TestCheckKey checks that a client reaches the fleet with each key that CheckKey accepts,
// and that it accepts visible ASCII (RFC 9110 section 5.5: VCHAR) and nothing else.
func TestCheckKey(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{})
	require.NoError(t, err)
	defer f.Close()
	keys := []string{"", "two\nlines", "two\r\nlines", "the key", "the\ttab", " before", "after ", "grün-0123456789", "鍵", "a\u00a0b", "good-._~+/="}
	for c := range rune(0x100) {
		keys = append(keys, "key"+string(c)+"of-sixteen")
	}
	visible := regexp.MustCompile(`^[\x21-\x7e]+$`)
	for _, k := range keys {
		server := httptest.NewServer(control.New(f, control.Options{Key: k}))
		reached := (&control.Client{URL: server.URL, Key: k, HTTP: server.Client()}).Do(t.Context(), "GET", "/v1/time", nil, nil)
		server.Close()
		err := control.CheckKey(k)
		require.Equal(t, visible.MatchString(k), err == nil, "%q", k)
		if err != nil {
			require.ErrorIs(t, err, control.ErrKey)
			require.True(t, k == "" || !strings.Contains(err.Error(), k), "the error has the key %q", k)
			continue
		}
		require.NoError(t, reached, "%q", k)
	}
}
