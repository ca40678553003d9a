// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// newWorld returns a world whose clock stands still at the given time.
func newWorld(t testing.TB, at time.Time) *virtual.World {
	t.Helper()
	w, err := virtual.NewWorld(virtual.Config{At: at, Seed: 1})
	require.NoError(t, err)
	return w
}

func model(t testing.TB, name string) *virtual.Model {
	t.Helper()
	m, err := virtual.ModelByName(name)
	require.NoError(t, err)
	return m
}

// newShowingToken returns a virtual token with a perfect crystal that always shows its
// code.
func newShowingToken(t testing.TB, w *virtual.World, p token.Profile, seed []byte, clock token.UnixMilli) *virtual.Token {
	t.Helper()
	name := "always-on-6"
	if p.Digits == 8 {
		name = "button-8" // its LCD has 8 digits; the profile is another one
	}
	v := w.NewToken(model(t, name), virtual.Perfect())
	require.NoError(t, v.Program(serial(t, testSerial), &serialproto.Payload{Seed: seed, Profile: p, Clock: clock}, true))
	return v
}

// TestRFC4226OnDisplay reads the codes of RFC 4226, appendix D, from the display. The
// time step is the counter.
func TestRFC4226OnDisplay(t *testing.T) {
	want := []string{
		"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
	}
	p := token.Profile{Step: 30, Digits: 6, Behaviour: token.Behaviour{Bars: 6}}
	start := time.Unix(0, 0)
	w := newWorld(t, start)
	v := newShowingToken(t, w, p, []byte(rfcSeeds[token.SHA1]), 0)
	for i, code := range want {
		r := v.Display()
		require.Equal(t, code, r.Text, "counter %d", i)
		require.EqualValues(t, i, r.Step)
		w.Advance(30*time.Second - time.Millisecond)
		require.Equal(t, code, v.Display().Text, "counter %d, last millisecond", i)
		w.Advance(time.Millisecond)
	}
}

// TestRFC6238OnDisplay reads the codes of RFC 6238, appendix B, (8 digits, 30 s) from
// the display, and codes at 60 s for the same times.
func TestRFC6238OnDisplay(t *testing.T) {
	sets := []struct {
		step  token.UnixSeconds
		codes map[int64][3]string // by time: SHA-1, SHA-256, SHA-512
	}{
		{30, map[int64][3]string{ // RFC 6238, appendix B
			59:          {"94287082", "46119246", "90693936"},
			1111111109:  {"07081804", "68084774", "25091201"},
			1111111111:  {"14050471", "67062674", "99943326"},
			1234567890:  {"89005924", "91819424", "93441116"},
			2000000000:  {"69279037", "90698825", "38618901"},
			20000000000: {"65353130", "77737706", "47863826"},
		}},
		{60, map[int64][3]string{ // calculated with oathtool from the same seeds; token/testdata/x60.json
			59:          {"84755224", "18920136", "53550594"},
			1111111109:  {"19360094", "40857319", "37023009"},
			1111111111:  {"19360094", "40857319", "37023009"},
			1234567890:  {"55713351", "16450756", "85275929"},
			2000000000:  {"76864010", "34471171", "97791279"},
			20000000000: {"52948864", "03964845", "01384259"},
		}},
	}
	const worldsEnd = 1 << 33 // a time in 2242; a world ends in 2262
	for _, set := range sets {
		for at, codes := range set.codes {
			for i, code := range codes {
				alg := token.Algorithm(i)
				t.Run(fmt.Sprint(set.step, "s ", at, " ", alg), func(t *testing.T) {
					start := time.Unix(at, 0)
					if at > worldsEnd {
						start = time.Unix(0, 0) // the token's own clock reaches further
					}
					w := newWorld(t, start)
					p := token.Profile{Step: set.step, Digits: 8, Algorithm: alg}
					v := newShowingToken(t, w, p, []byte(rfcSeeds[alg]), token.UnixSeconds(at).Milli())
					r := v.Display()
					require.Equal(t, code, r.Text)
					require.EqualValues(t, at/int64(set.step), r.Step)
					p.Digits = 6
					v = newShowingToken(t, w, p, []byte(rfcSeeds[alg]), token.UnixSeconds(at).Milli())
					require.Equal(t, code[2:], v.Display().Text, "six digits are the last six of eight")
				})
			}
		}
	}
}

// TestOathtoolOnDisplay compares the codes of 200 tokens with oathtool, an
// implementation in C that shares no code with this one.
func TestOathtoolOnDisplay(t *testing.T) {
	tool := tooltest.Find(t, "oathtool")
	const salt = 60
	r := rand.New(rand.NewPCG(salt, salt))
	var running sync.WaitGroup
	slots := make(chan struct{}, 4)
	for range 200 {
		seed := make([]byte, token.MinSeedLen+r.IntN(token.MaxSeedLen-token.MinSeedLen+1))
		for i := range seed {
			seed[i] = byte(r.Uint32())
		}
		p := token.Profile{
			Step: 60, Digits: []uint8{6, 8}[r.IntN(2)], Algorithm: token.Algorithm(r.IntN(3)),
			Behaviour: token.Behaviour{Bars: 6},
		}
		at := time.Unix(r.Int64N(1<<33), 0)
		text := newShowingToken(t, newWorld(t, at), p, seed, token.UnixMilli(at.UnixMilli())).Display().Text
		running.Add(1)
		slots <- struct{}{}
		go func() {
			defer running.Done()
			defer func() { <-slots }()
			out, err := exec.Command(tool, "--totp="+strings.ToLower(p.Algorithm.String()), "-s", "60s",
				"-N", "@"+strconv.FormatInt(at.Unix(), 10), "-d", strconv.Itoa(int(p.Digits)),
				hex.EncodeToString(seed)).CombinedOutput()
			assert.NoError(t, err, "%s", out)
			assert.Equal(t, strings.TrimSpace(string(out)), text, "at %v", at)
		}()
	}
	running.Wait()
}
