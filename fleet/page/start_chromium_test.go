// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/virtual"
)

const startHidden = `document.getElementById("start").hidden`

// newest returns the state and the model of the newest token.
func (s *clockSite) newest() (state serialproto.State, model string) {
	for m := range s.fleet.All(0) {
		state, model = m.Look().State, m.Token.Model().Name
	}
	return state, model
}

// TestChromiumStart makes the first tokens with one click. The page explains itself until
// then, and again after the last token was removed.
func TestChromiumStart(t *testing.T) {
	s := newClockSite(t, virtual.Config{At: startOfTest}, 0)
	require.Contains(t, s.Text(), "トークンはまだありません")
	s.Shoot("start-ja", []int64{390, 1280, 2560}, func(string) {})
	english(s.Tab)
	require.Contains(t, s.Text(), "There is no token yet")
	s.Shoot("start-en", []int64{390, 1280, 2560}, func(string) {})
	s.Press("[data-start]")
	s.WaitUntil(startHidden)
	waitForMessage(s.Tab, "12 tokens made.")
	require.Equal(t, 12, s.fleet.Len())
	state, model := s.newest()
	require.Equal(t, serialproto.StateLocked, state)
	require.Equal(t, fleet.Profiles()[0], model)

	for m := range s.fleet.All(0) {
		require.NoError(t, s.fleet.Remove(m))
	}
	s.WaitUntil(`!` + startHidden)
}

// TestChromiumStartForm chooses the number and the kind of the tokens.
func TestChromiumStartForm(t *testing.T) {
	s := newClockSite(t, virtual.Config{At: startOfTest}, 0)
	s.Press("#start details summary")
	set := func(field, value string) {
		t.Helper()
		at := chromedp.CSS("#f-" + field)
		s.Run(chromedp.WaitVisible(at))
		if value == "" {
			s.Fill("#f-"+field, "")
			return
		}
		s.Run(chromedp.SetValue(at, value))
	}
	for _, wrong := range []string{"0", "-3", "1.5", "", "many", "1000001"} {
		set("count", wrong)
		s.Press("#start-form button")
		s.wrong("1～1,000,000の整数を入力してください")
		require.Zero(t, s.fleet.Len())
	}
	s.Shoot("start-wrong", []int64{390, 1280, 2560}, func(string) {})
	set("count", "3")
	set("profile", "button-8")
	set("crystal", fleet.CrystalPerfect)
	s.Shoot("start-form", []int64{390, 1280}, func(string) {})
	s.Press("#start-form button")
	s.WaitUntil(startHidden)
	waitForMessage(s.Tab, "トークンを3個作成しました")
	require.Equal(t, 3, s.fleet.Len())
	state, model := s.newest()
	require.Equal(t, serialproto.StateLocked, state)
	require.Equal(t, "button-8", model)
	for m := range s.fleet.All(0) {
		require.Zero(t, m.Look().PPM)
	}
}
