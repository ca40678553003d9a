// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// fresh returns the step of a fresh code, which must be after the given one: a server
// refuses the second code of a step (RFC 6238 section 5.2).
func fresh(t *testing.T, m Member, after int64) int64 {
	t.Helper()
	c, err := m.Code(t.Context(), CodeOptions{Fresh: true})
	require.NoError(t, err)
	require.Greater(t, c.Step, after)
	return c.Step
}

// TestFreshCodeIsStored checks that no code is fresh a second time after a crash, or from
// a fork, whichever of both is removed.
func TestFreshCodeIsStored(t *testing.T) {
	for _, profile := range []string{"always-on-6", "button-6"} {
		t.Run(profile, func(t *testing.T) {
			s := openStore(t, t.TempDir(), testKey(t))
			_, f := start(t, s, virtual.Config{Mode: virtual.Manual, At: then, Seed: 7}, Given{}, then, Ports{})
			lot, err := f.MakeLot(Lot{Count: 2, Ready: true, Profile: profile})
			require.NoError(t, err)
			step, other := fresh(t, lot[0], 0), lot[1].Look().Step
			require.Equal(t, other, fresh(t, lot[1], 0), "another token has other codes")

			s, f = restart(t, s)
			m := members(f)[2]
			require.Equal(t, lot[0].Token.HardwareID(), m.Token.HardwareID())
			step = fresh(t, m, step)

			forks, err := f.Fork(f.TakeSnapshot("one", m))
			require.NoError(t, err)
			step = fresh(t, forks[0], step)
			step = fresh(t, m, step)

			s, f = restart(t, s)
			step = fresh(t, members(f)[4], step)
			require.NoError(t, f.Remove(members(f)[4]))
			_, f = restart(t, s)
			fresh(t, members(f)[2], step)
		})
	}
}

// TestFreshCodeOfForks checks that forks share the fresh codes without a store.
func TestFreshCodeOfForks(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	lot, err := f.MakeLot(Lot{Ready: true})
	require.NoError(t, err)
	snapshot := f.TakeSnapshot("before")
	step := fresh(t, lot[0], 0)
	forks, err := f.Fork(snapshot)
	require.NoError(t, err)
	step = fresh(t, forks[0], step)
	_, err = f.Restore(snapshot)
	require.NoError(t, err)
	fresh(t, lot[0], step)
}

// TestTokenFileOfEarlierVersion checks that a token's file may be a snapshot alone.
func TestTokenFileOfEarlierVersion(t *testing.T) {
	s := openStore(t, t.TempDir(), testKey(t))
	_, f := start(t, s, virtual.Config{Mode: virtual.Manual, At: then, Seed: 7}, Given{}, then, Ports{})
	want := members(f)[1].Token.HardwareID()
	plain, err := members(f)[1].Token.Snapshot().MarshalBinary()
	require.NoError(t, err)
	require.NoError(t, s.encrypt(tokenFile(1), plain))
	_, f = restart(t, s)
	require.Equal(t, want, members(f)[1].Token.HardwareID())
}
