// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"encoding/hex"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/token"
)

// TestOathtool compares the codes of 1,000 random seeds and times with oathtool of the
// OATH Toolkit, an implementation in C that shares no code with this one. It is skipped
// if oathtool is missing, unless FOB_REQUIRE_TOOLS=1.
func TestOathtool(t *testing.T) {
	tool := tooltest.Find(t, "oathtool")
	cases := 1000
	if testing.Short() {
		cases = 50
	}
	const salt = 20260730
	r := rand.New(rand.NewPCG(salt, salt))
	var running sync.WaitGroup
	slots := make(chan struct{}, 4)
	for range cases {
		key := make([]byte, token.MinSeedLen+r.IntN(token.MaxSeedLen-token.MinSeedLen+1))
		for i := range key {
			key[i] = byte(r.Uint32())
		}
		p := token.Profile{
			Step:      []token.UnixSeconds{20, 30, 36, 60}[r.IntN(4)],
			Digits:    []uint8{6, 8}[r.IntN(2)],
			Algorithm: token.Algorithm(r.IntN(3)),
			T0:        []token.UnixSeconds{0, token.Epoch2000}[r.IntN(2)],
		}
		at := p.T0 + token.UnixSeconds(r.Int64N(1<<uint(20+r.IntN(18)))) // up to the year 10000
		running.Add(1)
		slots <- struct{}{}
		go func() {
			defer running.Done()
			defer func() { <-slots }()
			args := []string{
				"--totp=" + strings.ToLower(p.Algorithm.String()),
				"-s", strconv.FormatInt(int64(p.Step), 10) + "s",
				"-S", "@" + strconv.FormatInt(int64(p.T0), 10),
				"-N", "@" + strconv.FormatInt(int64(at), 10),
				"-d", strconv.Itoa(int(p.Digits)),
				hex.EncodeToString(key),
			}
			out, err := exec.Command(tool, args...).CombinedOutput()
			if !assert.NoError(t, err, "oathtool %s: %s", args, out) {
				return
			}
			got := token.AppendCode(nil, key, p.Algorithm, p.Digits, p.StepAt(at))
			assert.Equal(t, strings.TrimSpace(string(out)), string(got), "oathtool %s", args)
		}()
	}
	running.Wait()
	require.False(t, t.Failed())
}
