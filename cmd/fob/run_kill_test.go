// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/control"
)

// TestRunKilled kills fob run with SIGKILL at random moments, while clients add, press
// and remove tokens, read fresh codes and advance the clock. The next start must have
// all changes whose answer has arrived. FOB_KILLS is the number of kills.
func TestRunKilled(t *testing.T) {
	t.Parallel()
	kills := 4
	if text := os.Getenv("FOB_KILLS"); text != "" {
		var err error
		kills, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	key := filepath.Join(dir, "key")
	require.NoError(t, os.WriteFile(key, []byte(identity.String()+"\n"), 0o600))
	k := &killed{t: t, state: filepath.Join(dir, "state"), tokens: map[string]*killedToken{}, asked: map[string]int{}}
	start := func() *exec.Cmd {
		run, r := startFleet(t, os.Stderr, "--ready", "--clock", "manual", "--ports", "lazy", "--state", k.state, "--state-key", key)
		k.fleet = &control.Client{URL: r.URL, Key: r.APIKey}
		k.check()
		return run
	}
	for range kills {
		k.work(start(), random, 1+random.Int64N(80), time.Duration(random.Int64N(int64(20*time.Millisecond))))
	}
	run := start()
	require.NoError(t, run.Process.Signal(os.Interrupt))
	require.NoError(t, run.Wait())
	require.Equal(t, len(k.tokens), k.files(), "after a proper end")
}

// killed holds the answers that the clients of a killed fleet have got.
type killed struct {
	t     *testing.T
	state string
	fleet *control.Client

	mu     sync.Mutex // guards the fields below
	lots   int
	tokens map[string]*killedToken // by hardware id
	asked  map[string]int          // lots without an answer, and their numbers of tokens
	now    time.Time
}

type killedToken struct {
	HardwareID string    `json:"hardware_id"`
	Lot        string    `json:"lot"`
	Presses    int       `json:"presses"`
	Now        time.Time `json:"true_time"`
	step       int64     // of the newest fresh code
	removing   bool      // a client has asked for it
}

// work lets clients change the fleet until it is killed: some time after the given number
// of answers.
func (k *killed) work(run *exec.Cmd, random *rand.Rand, answers int64, later time.Duration) {
	var answered atomic.Int64
	var wait sync.WaitGroup
	for _, step := range []func(*rand.Rand) error{k.add, k.add, k.press, k.press, k.remove, k.read, k.advance} {
		r := rand.New(rand.NewPCG(random.Uint64(), 0))
		wait.Go(func() {
			for {
				err := step(r)
				var refused *control.RefusedError
				if errors.As(err, &refused) { // another client has removed the token, or switched its display off
					assert.Contains(k.t, []string{"not_found", "no_code"}, refused.Code)
				} else if err != nil {
					return
				}
				if answered.Add(1) == answers {
					time.AfterFunc(later, func() { _ = run.Process.Kill() })
				}
			}
		})
	}
	wait.Wait()
	_ = run.Wait()
}

// pick returns a token that is not being removed.
func (k *killed) pick(r *rand.Rand, remove bool) *killedToken {
	k.mu.Lock()
	defer k.mu.Unlock()
	ids := slices.Sorted(maps.Keys(k.tokens))
	for _, i := range r.Perm(len(ids)) {
		if x := k.tokens[ids[i]]; !x.removing && (!remove || len(ids) > 2) {
			x.removing = remove
			return x
		}
	}
	return nil
}

func (k *killed) add(r *rand.Rand) error {
	count := 1 + r.IntN(12)
	k.mu.Lock()
	if len(k.tokens) > 300 {
		k.mu.Unlock()
		return k.remove(r)
	}
	k.lots++
	lot := fmt.Sprintf("L%d", k.lots)
	k.asked[lot] = count
	k.mu.Unlock()
	var list struct{ Items []killedToken }
	err := k.fleet.Do(k.t.Context(), "POST", "/v1/tokens", map[string]any{"count": count, "ready": true, "profile": "button-6", "name": lot}, &list)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		delete(k.asked, lot)
	}
	for _, x := range list.Items {
		k.tokens[x.HardwareID] = &x
	}
	return err
}

func (k *killed) remove(r *rand.Rand) error {
	x := k.pick(r, true)
	if x == nil {
		return k.advance(r)
	}
	err := k.fleet.Do(k.t.Context(), "DELETE", "/v1/tokens/"+x.HardwareID, nil, nil)
	if err == nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.tokens, x.HardwareID)
	}
	return err
}

func (k *killed) press(r *rand.Rand) error {
	x := k.pick(r, false)
	if x == nil {
		return k.advance(r)
	}
	var pressed killedToken
	err := k.fleet.Do(k.t.Context(), "POST", "/v1/tokens/"+x.HardwareID+"/press", nil, &pressed)
	k.mu.Lock()
	defer k.mu.Unlock()
	x.Presses = max(x.Presses, pressed.Presses)
	return err
}

func (k *killed) read(r *rand.Rand) error {
	x := k.pick(r, false)
	if x == nil {
		return k.advance(r)
	}
	var code struct{ Step int64 }
	err := k.fleet.Do(k.t.Context(), "GET", "/v1/tokens/"+x.HardwareID+"/code?fresh=true", nil, &code)
	if err == nil { // only one client reads codes
		assert.Greater(k.t, code.Step, x.step, "the step of a fresh code")
		x.step = code.Step
	}
	return err
}

func (k *killed) advance(*rand.Rand) error {
	var clock struct{ Now time.Time }
	err := k.fleet.Do(k.t.Context(), "POST", "/v1/time/advance", map[string]string{"by": "PT20S"}, &clock)
	k.mu.Lock()
	defer k.mu.Unlock()
	if clock.Now.After(k.now) {
		k.now = clock.Now
	}
	return err
}

// check compares the fleet with the answers, and takes over its present state.
func (k *killed) check() {
	t := k.t
	var list struct{ Items []killedToken }
	require.NoError(t, k.fleet.Do(t.Context(), "GET", "/v1/tokens?limit=10000", nil, &list))
	lots := map[string]int{}
	for _, x := range list.Items {
		lots[x.Lot]++
		require.False(t, x.Now.Before(k.now), "the clock has gone back from %s to %s", k.now, x.Now)
	}
	for lot, count := range k.asked {
		require.Contains(t, []int{0, count}, lots[lot], "tokens of lot %s", lot)
	}
	known := k.tokens
	k.tokens, k.asked = map[string]*killedToken{}, map[string]int{}
	for _, x := range list.Items {
		if old := known[x.HardwareID]; old != nil {
			require.GreaterOrEqual(t, x.Presses, old.Presses, "presses of token %s", x.HardwareID)
			x.step = old.step
		}
		k.tokens[x.HardwareID] = &x
		delete(known, x.HardwareID)
	}
	for id, old := range known {
		require.True(t, old.removing, "token %s of lot %s is missing", id, old.Lot)
	}
	require.Equal(t, len(k.tokens), k.files(), "files of tokens")
}

// files returns the number of the tokens' files.
func (k *killed) files() int {
	paths, err := filepath.Glob(filepath.Join(k.state, "token-*.age"))
	require.NoError(k.t, err)
	return len(paths)
}
