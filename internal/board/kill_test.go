// SPDX-License-Identifier: Apache-2.0

//go:build qemu

package board

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
)

// kills is the number of kills for each of the three operations.
const kills = 80

// step is an operation of a host on a token.
type step func(context.Context, *host.Client) error

// TestKill sends SIGKILL to QEMU at random moments while the token is being
// provisioned, locked or wiped, and restarts it. The token must be in the old state or
// in the new one, and must work from there.
func TestKill(t *testing.T) {
	key := host.InsecureTestStationKey()
	order := hosttest.Order(t, "button-6", nil)
	provision := func(ctx context.Context, c *host.Client) error { return c.Provision(ctx, key, order) }
	lock := func(ctx context.Context, c *host.Client) error { return c.Lock(ctx) }
	wipe := func(ctx context.Context, c *host.Client) error { return c.Wipe(ctx, order.Serial) }
	for _, op := range []struct {
		name     string
		do       step
		old, new serialproto.State
		prepare  []step // from new to old
	}{
		{"provision", provision, serialproto.StateWiped, serialproto.StateProvisioned, []step{wipe}},
		{"lock", lock, serialproto.StateProvisioned, serialproto.StateLocked, []step{wipe, provision}},
		{"wipe", wipe, serialproto.StateLocked, serialproto.StateWiped, []step{provision, lock}},
	} {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			config := Config{Image: image(t, "virt-rig"), Flash: newFlash(t)}
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 0))
			m, c := startMachine(t, config)
			ctx := t.Context()
			for _, do := range []step{provision, lock, wipe} {
				require.NoError(t, do(ctx, c)) // from here on it has a serial number
			}
			if op.old != serialproto.StateWiped {
				require.NoError(t, provision(ctx, c))
			}
			if op.old == serialproto.StateLocked {
				require.NoError(t, lock(ctx, c))
			}
			found := map[serialproto.State]int{}
			takes := 100 * time.Millisecond                                    // a first estimate
			adapt := func(took time.Duration) { takes = (takes*7 + took) / 8 } // to the speed of the machine
			for range kills {
				before, err := c.Info(ctx)
				require.NoError(t, err)
				require.Equal(t, op.old, before.State)
				doing, cancel := context.WithCancel(ctx)
				done := make(chan time.Duration, 1)
				go func() {
					start := time.Now()
					if op.do(doing, c) == nil {
						done <- time.Since(start)
					}
					close(done)
				}()
				time.Sleep(time.Duration(random.Int64N(int64(takes * 3 / 2))))
				m.Kill()
				cancel()
				if took, finished := <-done; finished {
					adapt(took)
				}

				m, c = startMachine(t, config)
				after, err := c.Info(ctx)
				require.NoError(t, err)
				found[after.State]++
				require.Contains(t, []serialproto.State{op.old, op.new}, after.State)
				require.Equal(t, before.HardwareID, after.HardwareID)
				require.Equal(t, order.Serial, after.Serial)
				require.Equal(t, order.Expiry, after.Expiry)
				checkToken(t, c, after, config.Flash)
				if after.State == op.old {
					start := time.Now()
					require.NoError(t, op.do(ctx, c), "second attempt")
					adapt(time.Since(start)) // also if each first attempt was killed before its end
				}
				for _, do := range op.prepare {
					require.NoError(t, do(ctx, c))
				}
			}
			t.Logf("after %d kills: %v", kills, found)
			require.Len(t, found, 2, "the kills must hit before and after the write")
		})
	}
}

// checkToken checks that a token has everything that its state implies, and no more.
func checkToken(t *testing.T, c *host.Client, info host.Info, flash string) {
	ctx := t.Context()
	test, err := c.SelfTest(ctx)
	require.NoError(t, err)
	require.True(t, test.Passed())
	switch info.State {
	case serialproto.StateProvisioned:
		require.True(t, info.ClockSet)
		require.NoError(t, c.Verify(ctx, hosttest.Order(t, "button-6", nil)))
	case serialproto.StateLocked:
		require.True(t, info.ClockSet)
		require.NoError(t, c.Reset(ctx)) // ends the LCD test of the self-test
		display, err := c.LightUp(ctx)
		require.NoError(t, err)
		require.Equal(t, oathtool(t, display.Now), display.Text)
	case serialproto.StateWiped:
		memory, err := os.ReadFile(flash)
		require.NoError(t, err)
		require.NotContains(t, string(memory), "12345678901234567890", "the seed must be erased")
	}
}

// TestRigPowerCut uses the rig to cut the power inside each flash operation of a
// provisioning. The board restarts and is either the old token or the new one.
func TestRigPowerCut(t *testing.T) {
	m, _ := startMachine(t, Config{Image: image(t, "virt-rig"), Flash: newFlash(t)})
	c := host.New(m.Line(), host.WithTimeout(time.Second), host.WithRetries(60)) // each cut loses a response
	ctx := t.Context()
	order := hosttest.Order(t, "button-6", nil)
	key := host.InsecureTestStationKey()
	require.NoError(t, c.Provision(ctx, key, order))
	require.NoError(t, c.Wipe(ctx, order.Serial))
	cuts := 0
	for n := 1; n <= 8; n++ { // three each for the counter and the record, and two beyond the last
		for range 5 {
			require.NoError(t, c.PowerCut(ctx, n))
			if err := c.Provision(ctx, key, order); err != nil {
				cuts++
				require.ErrorIs(t, err, serialproto.ErrCounter, "the repeated request has a used counter")
			}
			info, err := c.Info(ctx)
			require.NoError(t, err)
			if info.State == serialproto.StateWiped {
				require.NoError(t, c.Reset(ctx))
				require.NoError(t, c.Provision(ctx, key, order))
			}
			require.NoError(t, c.Verify(ctx, order))
			require.NoError(t, c.Wipe(ctx, order.Serial))
		}
	}
	require.Positive(t, cuts)
}
