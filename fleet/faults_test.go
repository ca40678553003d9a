// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// TestFaultKinds: each kind of fault shows while it is set, and none after the token and
// its line are mended.
func TestFaultKinds(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	m := locked(t, f, "button-6", "F1")
	p, err := f.Attach(m, "tcp:127.0.0.1:0")
	require.NoError(t, err)
	none := func() {
		require.Empty(t, m.Faults(m.Look()))
		require.False(t, m.MayHaveFaults())
	}
	none()
	segment, err := virtual.ParseSegments("d0.g", "bar5", "batt")
	require.NoError(t, err)
	require.Equal(t, []string{"d0.g", "bar5", "batt"}, segment.Names())
	for kind, faults := range map[FaultKind]virtual.TokenFaults{
		FaultDead: {Dead: segment}, FaultGhost: {Ghost: segment}, FaultFlash: {FlashFail: true}, FaultPowerCut: {PowerCutAt: 3},
	} {
		st, err := m.Do(func(k *virtual.Token) { k.SetFaults(faults) })
		require.NoError(t, err)
		require.Equal(t, faults, st.Faults, "the faults before are replaced")
		require.Equal(t, []FaultKind{kind}, m.Faults(st))
		require.True(t, m.MayHaveFaults())
	}
	_, err = m.Do((*virtual.Token).Mend)
	require.NoError(t, err)
	none()

	p.Faults().Set(virtual.LineFaults{Seed: 1}, virtual.LineFaults{Seed: 2})
	none()
	p.Faults().Set(virtual.LineFaults{}, virtual.LineFaults{Baud: 9600})
	require.Equal(t, []FaultKind{FaultLine}, m.Faults(m.Look()))
	require.True(t, m.MayHaveFaults())
	require.Equal(t, []*Port{p}, m.FaultyLines())
}

// TestMendedFault: a fault strikes once, and not at all if the token was mended before.
func TestMendedFault(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	m := locked(t, f, "button-6", "F1")
	do := func(ops ...func(*virtual.Token)) {
		for _, op := range ops {
			_, err := m.Do(op)
			require.NoError(t, err)
		}
	}
	do((*virtual.Token).FailFlash, (*virtual.Token).Mend, (*virtual.Token).Press)
	require.NotContains(t, strings.Fields(kinds(f, m)), "fault")
	f.World().Advance(virtual.Year / 365)
	do((*virtual.Token).FailFlash, (*virtual.Token).Press)
	require.Contains(t, strings.Fields(kinds(f, m)), "fault")
	require.Empty(t, m.Faults(m.Look()))
}
