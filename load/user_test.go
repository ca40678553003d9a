// SPDX-License-Identifier: Apache-2.0

package load

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/token/fleetkey"
	"github.com/d204ef64/fob/virtual"
)

func testKey(t require.TestingT) fleetkey.Key {
	key, err := fleetkey.Parse([]byte(strings.Repeat("07", fleetkey.Size)))
	require.NoError(t, err)
	return key
}

// makeFleet makes a fleet of the test key in a world.
func makeFleet(t require.TestingT, c virtual.Config, first uint64, lots ...fleet.Lot) *fleet.Fleet {
	w, err := virtual.NewWorld(c)
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{Lots: lots, Keyed: fleet.Keyed{Key: testKey(t), First: first}})
	require.NoError(t, err)
	return f
}

// TestUsersAndTokens: a user computes the same code as the firmware of the token shows, at
// any time and age. The codes of the firmware come from its display.
func TestUsersAndTokens(t *testing.T) {
	proptest.Check(t, func(t *rapid.T) {
		age := rapid.Int64Range(0, int64(3*virtual.Year)).Draw(t, "age")
		celsius := float64(rapid.IntRange(-20, 50).Draw(t, "age_temp"))
		lot := fleet.Lot{
			Count: 3, Ready: true, Expiry: "2060-01-31", AgeTemp: &celsius,
			Age:     time.Duration(age).Round(time.Second).String(),
			Profile: rapid.SampledFrom(token.Profiles()).Draw(t, "profile").Name,
			Crystal: rapid.SampledFrom(fleet.Crystals()).Draw(t, "crystal"),
		}
		at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		f := makeFleet(t, virtual.Config{At: at}, rapid.Uint64Range(1, 1<<32-3).Draw(t, "first"), lot)
		defer f.Close()
		users, err := Users(f.All(0), 1)
		require.NoError(t, err)
		for range 20 {
			f.World().Advance(time.Duration(rapid.Int64Range(0, int64(200*24*time.Hour)).Draw(t, "advance")) / time.Duration(rapid.SampledFrom([]int{1, 1000, 100_000}).Draw(t, "part")))
			i := 0
			for m := range f.All(0) {
				u := users[i]
				i++
				shown := m.Token.Display()
				require.Equal(t, shown.Serial, u.Serial)
				require.Equal(t, shown.Step, u.step(shown.World.Time()))
				u.last = shown.Step
				require.Equal(t, shown.StepEnds.Time(), u.fresh())
				if m.Token.Profile().Behaviour.Button {
					m.Token.Press()
				}
				f.World().Advance(2 * time.Second) // the LCD needs some time
				shown = m.Token.Display()
				if code, ok := fleet.CodeOn(shown); ok {
					require.Equal(t, code, u.Code(shown.World.Time()))
				}
			}
		}
	})
}

// TestGuesses: a guess is never a code near the token's step.
func TestGuesses(t *testing.T) {
	f := makeFleet(t, virtual.Config{}, 1, fleet.Lot{Ready: true})
	defer f.Close()
	users, err := Users(f.All(0), 7)
	require.NoError(t, err)
	require.Equal(t, uint64(7), users[0].Number)
	at := f.World().Now().Time()
	codes := map[string]bool{}
	for i := -12; i <= 12; i++ {
		codes[string(users[0].coder(nil, users[0].step(at)+int64(i)))] = true
	}
	guesses := map[string]bool{}
	for range 5000 {
		guess := users[0].guessed(at)
		require.Len(t, guess, 6)
		require.False(t, codes[guess])
		guesses[guess] = true
	}
	require.Greater(t, len(guesses), 4500)
}

// TestBlankTokens: a token without a seed has no user.
func TestBlankTokens(t *testing.T) {
	f := makeFleet(t, virtual.Config{}, 1, fleet.Lot{Ready: true}, fleet.Lot{})
	defer f.Close()
	_, err := Users(f.All(0), 1)
	require.ErrorIs(t, err, ErrUser)
	require.ErrorContains(t, err, "token 2: ")
}

func BenchmarkCodes(b *testing.B) {
	f := makeFleet(b, virtual.Config{}, 1, fleet.Lot{Count: 1000, Ready: true})
	defer f.Close()
	users, err := Users(f.All(0), 1)
	require.NoError(b, err)
	at := f.World().Now().Time()
	b.ReportAllocs()
	for b.Loop() {
		for _, u := range users {
			_ = u.Code(at)
		}
	}
	b.ReportMetric(float64(b.N*len(users))/b.Elapsed().Seconds(), "codes/s")
}
