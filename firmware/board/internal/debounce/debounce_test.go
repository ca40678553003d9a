// SPDX-License-Identifier: Apache-2.0

package debounce_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware/board/internal/debounce"
	"github.com/d204ef64/fob/firmware/hwtest"
)

func sample(b *debounce.Button, down bool, times int) {
	for range times {
		b.Sample(down)
	}
}

// TestContract runs the contract of firmware.Button.
func TestContract(t *testing.T) {
	var b debounce.Button
	hold := func() { sample(&b, true, 100) }
	release := func() { sample(&b, false, 100) }
	hwtest.Button(&b, func() { hold(); release() }, hold, release, hwtest.To(t))
	hwtest.Button(&b, b.Click, nil, nil, hwtest.To(t))
}

// TestBounce checks that a press of 60 ms whose contact chatters for 5 ms at both ends
// counts once.
func TestBounce(t *testing.T) {
	var b debounce.Button
	presses := 0
	was := false
	for ms := range 200 {
		down := ms >= 50 && ms < 110
		if ms >= 50 && ms < 55 || ms >= 110 && ms < 115 {
			down = ms%2 == 0
		}
		b.Sample(down)
		if is := b.Down(); is != was {
			was = is
			if is {
				presses++
			}
		}
	}
	require.Equal(t, 1, presses)
	require.False(t, was)
}

// TestSpike checks that a contact shorter than Settle does not count as a press.
func TestSpike(t *testing.T) {
	var b debounce.Button
	for range 50 {
		sample(&b, true, debounce.Settle-1)
		sample(&b, false, 1)
	}
	require.False(t, b.Changed())
	require.False(t, b.Down())
	sample(&b, true, debounce.Settle)
	require.True(t, b.Down())
}

// TestChanged checks that Changed is true exactly when Down has a new value.
func TestChanged(t *testing.T) {
	var b debounce.Button
	require.False(t, b.Changed())
	sample(&b, true, 10)
	require.True(t, b.Changed())
	b.Down()
	require.False(t, b.Changed())
	sample(&b, false, 10)
	require.True(t, b.Changed())
	b.Down()
	require.False(t, b.Changed())
	b.Click()
	require.True(t, b.Changed())
	b.Down()
	require.True(t, b.Changed(), "the release must be reported")
	require.False(t, b.Down())
	require.False(t, b.Changed())
}
