// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// seedReader returns a reader of a file in fob's own format.
func seedReader(t *testing.T, lines ...string) seedfile.Reader {
	t.Helper()
	f, err := seedfile.FormatByName("fob")
	require.NoError(t, err)
	r, err := f.NewReader(strings.NewReader("{\"format\":\"fob\",\"version\":1}\n"+strings.Join(lines, "\n")+"\n"), seedfile.ReadOptions{})
	require.NoError(t, err)
	return r
}

const rfcSeed = `"seed":"3132333435363738393031323334353637383930"`

func worldAt(t *testing.T, seconds int64) *virtual.World {
	t.Helper()
	w, err := virtual.NewWorld(virtual.Config{Seed: 1, At: time.Unix(seconds, 0)})
	require.NoError(t, err)
	return w
}

// TestFromSeeds uses codes of the SHA-1 seed of RFC 6238, appendix B, at a step of 60 s
// (token/testdata/x60.json): 19360094 at 1111111109.
func TestFromSeeds(t *testing.T) {
	w := worldAt(t, 1111111109)
	tokens, err := fleet.FromSeeds(w, seedReader(t,
		`{"serial":"A1",`+rfcSeed+`,"type":"TOTP","algorithm":"SHA1","digits":6,"period":60,"deviceExpiry":"2006-11-30T14:59:59Z"}`,
		`{"serial":"A2",`+rfcSeed+`,"type":"TOTP","algorithm":"SHA1","digits":8,"period":60}`,
	), nil)
	require.NoError(t, err)
	require.Len(t, tokens, 2)
	require.Equal(t, "always-on-6", tokens[0].Model().Name)
	require.Equal(t, "360094", tokens[0].Display().Text)
	require.Equal(t, serialproto.StateLocked, tokens[0].State())
	serial, expiry := tokens[0].BackLabel()
	require.Equal(t, "A1", serial.String())
	want, err := token.NewExpiry(2006, 11, 30)
	require.NoError(t, err)
	require.Equal(t, want, expiry)

	require.Equal(t, "button-8", tokens[1].Model().Name)
	tokens[1].Press()
	require.Equal(t, "19360094", tokens[1].Display().Text)
	_, expiry = tokens[1].BackLabel()
	require.True(t, expiry.IsZero())

	// The token expires at the end of its date in Japan; a crystal drifts by minutes in
	// a year.
	w.AdvanceTo(virtual.WorldTimeOf(time.Date(2006, 11, 30, 14, 0, 0, 0, time.UTC)))
	require.Equal(t, serialproto.StateLocked, tokens[0].State())
	w.AdvanceTo(virtual.WorldTimeOf(time.Date(2006, 11, 30, 16, 0, 0, 0, time.UTC)))
	require.Equal(t, serialproto.StateExpired, tokens[0].State())
}

// TestFromSeedsDrift: TimeDrift is the number of steps by which the token is ahead.
func TestFromSeedsDrift(t *testing.T) {
	w := worldAt(t, 1111111109-2*60)
	tokens, err := fleet.FromSeeds(w, seedReader(t,
		`{"serial":"A1",`+rfcSeed+`,"type":"TOTP","algorithm":"SHA1","digits":8,"period":60,"drift":2}`), nil)
	require.NoError(t, err)
	tokens[0].Press()
	require.Equal(t, "19360094", tokens[0].Display().Text)
}

func TestFromSeedsErrors(t *testing.T) {
	six, err := virtual.ModelByName("button-6")
	require.NoError(t, err)
	for line, complaint := range map[string]string{
		`{"serial":"A1",` + rfcSeed + `,"type":"HOTP","algorithm":"SHA1","digits":6}`:                                "line 2: token A1: cannot simulate this token: type HOTP",
		`{` + rfcSeed + `,"type":"TOTP","algorithm":"SHA1","digits":6,"period":60,"user":"u"}`:                       "token u: cannot simulate this token: no serial number",
		`{"serial":"A1",` + rfcSeed + `,"type":"TOTP","algorithm":"SHA1","digits":7,"period":60}`:                    "Digits is 7",
		`{"serial":"A1",` + rfcSeed + `,"type":"TOTP","algorithm":"SHA1","digits":6,"period":45}`:                    "Step is 45",
		`{"serial":"A1",` + rfcSeed + `,"type":"TOTP","algorithm":"SHA1","digits":6,"period":60,"drift":2147483647}`: "clock drift of 2147483647 steps",
		`{"serial":"A1",` + rfcSeed + `,"type":"TOTP","algorithm":"SHA1","digits":8,"period":60}`:                    "8 digits, but the LCD of button-6 has 6",
	} {
		_, err := fleet.FromSeeds(worldAt(t, 1e9), seedReader(t, line), six)
		require.ErrorIs(t, err, fleet.ErrSeeds, line)
		require.ErrorContains(t, err, complaint)
		require.NotContains(t, err.Error(), "31323334")
	}
	_, err = fleet.FromSeeds(worldAt(t, 1e9), seedReader(t), nil)
	require.ErrorContains(t, err, "no token in the file")
}
