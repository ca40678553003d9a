// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package demo

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// newProvisionedDemo returns a demo whose tokens are served and provisioned.
func newProvisionedDemo(t *testing.T) (*Demo, context.Context) {
	d, err := New()
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- d.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-served)
		d.Close()
		d.Close() // closing twice does no harm
	})
	require.NoError(t, d.Provision(ctx))
	return d, ctx
}

func TestLook(t *testing.T) {
	d, ctx := newProvisionedDemo(t)
	require.Len(t, d.Tokens, len(token.Profiles()))
	for _, k := range d.Tokens {
		look, err := k.Look(ctx)
		require.NoError(t, err)
		require.True(t, look.Agree, "%s: %+v", k.Profile.Name, look)
		require.Equal(t, look.Want, look.Shown)
		require.Len(t, look.Shown, int(k.Profile.Digits))
		require.Contains(t, look.View.Text(), look.Shown)
		require.True(t, look.Left > 0 && look.Left <= time.Minute, look.Left)
		require.True(t, k.Serial.Reserved())
	}
}

// TestLookDetectsAnotherSeed: Look compares the code on the display, and detects a
// different seed.
func TestLookDetectsAnotherSeed(t *testing.T) {
	d, ctx := newProvisionedDemo(t)
	seed, err := token.GenerateSeed(rand.Reader, token.DefaultSeedLen)
	require.NoError(t, err)
	d.Tokens[0].seed = seed
	look, err := d.Tokens[0].Look(ctx)
	require.NoError(t, err)
	if look.Agree { // one seed in a million shows the same code
		t.Skipf("both seeds show %s", look.Shown)
	}
}

func TestLookRequiresLockedToken(t *testing.T) {
	d, ctx := newProvisionedDemo(t)
	require.NoError(t, d.Tokens[0].client.Wipe(ctx, d.Tokens[0].Serial))
	_, err := d.Tokens[0].Look(ctx)
	require.ErrorContains(t, err, "want LOCKED")
}

// TestWatch: a person turns the tokens off and on, breaks and removes them. The demo
// shows each of them as it is, without pressing a button.
func TestWatch(t *testing.T) {
	d, ctx := newProvisionedDemo(t)
	d.world.Pause() // a code disappears with its step
	k := d.Customer()
	look, err := d.Watch(k)
	require.NoError(t, err)
	require.Empty(t, look.Shown, "nobody has pressed it")

	_, err = k.member.Do((*virtual.Token).Press)
	require.NoError(t, err)
	look, err = d.Watch(k)
	require.NoError(t, err)
	require.True(t, look.Agree, "%+v", look)
	byPort, err := k.Look(ctx)
	require.NoError(t, err)
	require.Equal(t, byPort.Want, look.Want)

	always := d.Tokens[0]
	ghost := virtual.TokenFaults{}
	ghost.Ghost.Digits[0] = 0x7f // the first digit is always an 8
	ghost.Dead.Digits[1] = 0x01
	_, err = always.member.Do(func(v *virtual.Token) { v.SetFaults(ghost) })
	require.NoError(t, err)
	look, err = d.Watch(always)
	require.NoError(t, err)
	require.Equal(t, byte('8'), look.Shown[0])
	require.Len(t, look.Want, 6)

	require.NoError(t, d.fleet.Remove(k.member))
	_, err = d.Watch(k)
	require.ErrorIs(t, err, ErrChanged)
	require.ErrorContains(t, err, "removed")
	require.NoError(t, always.client.Wipe(ctx, always.Serial))
	_, err = d.Watch(always)
	require.ErrorIs(t, err, ErrChanged)
	require.ErrorContains(t, err, "WIPED")
}

// TestProvisionEnds: a demo that is not served does not hang.
func TestProvisionEnds(t *testing.T) {
	d, err := New()
	require.NoError(t, err)
	defer d.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.Error(t, d.Provision(ctx))
}
