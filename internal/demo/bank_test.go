// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package demo

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
)

// TestStory: a token on a serial port is used at the bank, which accepts its code only
// once.
func TestStory(t *testing.T) {
	d, ctx := newProvisionedDemo(t)
	b, err := d.OpenBank(ctx)
	require.NoError(t, err)
	folder := b.folder
	require.True(t, d.Customer().Profile.Behaviour.Button, "a person can press it")
	steps, err := b.Story(ctx, d.Customer())
	require.NoError(t, err)
	require.Len(t, steps, 5)
	for _, s := range steps {
		require.True(t, s.Passed, "%s: %s", s.Name, s.Detail)
	}
	require.True(t, strings.HasSuffix(steps[1].Detail, "shows."), steps[1].Detail)
	require.Contains(t, steps[2].Detail, "accepted")
	require.Contains(t, steps[3].Detail, "not accepted")
	require.NoError(t, b.Close())
	require.NoDirExists(t, folder)
}

// TestStoryFailsWithAnotherSeed: the story checks the bank's reaction, and detects a
// wrong code.
func TestStoryFailsWithAnotherSeed(t *testing.T) {
	d, ctx := newProvisionedDemo(t)
	b, err := d.OpenBank(ctx)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	n, err := b.importToken(ctx, d.Tokens[0])
	require.NoError(t, err)
	require.Equal(t, 1, n)
	page, err := newBrowser(b.URL)
	require.NoError(t, err)
	require.NoError(t, page.submit(ctx, "/login", map[string]string{"user": b.User, "password": b.Password}))
	// A code of another token.
	code, err := b.readCode(ctx, d.Tokens[1])
	require.NoError(t, err)
	require.NoError(t, page.submit(ctx, "/token/activate", map[string]string{"serial": d.Tokens[0].Serial.String(), "code": code}))
	require.Contains(t, page.notice(), "not registered")
	user, err := b.bank.User(ctx, clerk, b.User)
	require.NoError(t, err)
	require.Equal(t, token.Serial{}, user.Token)
}
