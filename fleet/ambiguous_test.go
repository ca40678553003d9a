// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/virtual"
)

// TestAmbiguousSerial: a token and its forks are found by their hardware ids only.
func TestAmbiguousSerial(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	first := locked(t, f, "always-on-6", "TWIN")
	snap := f.TakeSnapshot("s", first)
	all := []Member{first}
	for range 12 {
		forks, err := f.Fork(snap)
		require.NoError(t, err)
		all = append(all, forks...)
	}
	_, err := f.Find("TWIN")
	require.ErrorIs(t, err, ErrAmbiguous)
	require.ErrorContains(t, err, "13 tokens have the serial number TWIN")
	require.ErrorContains(t, err, first.hardwareID()+", "+all[1].hardwareID()+", ")
	require.ErrorContains(t, err, all[9].hardwareID()+" and 3 more")
	for _, m := range all {
		found, err := f.Find(m.hardwareID())
		require.NoError(t, err)
		require.Equal(t, m, found)
	}
	for _, m := range all[1:] {
		require.NoError(t, f.Remove(m))
	}
	found, err := f.Find("TWIN")
	require.NoError(t, err)
	require.Equal(t, first, found)
}

// TestExportForks: a server has one token of each serial number.
func TestExportForks(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	members, err := f.MakeLot(Lot{Count: 3, Ready: true})
	require.NoError(t, err)
	format, err := seedfile.FormatByName("oath-csv")
	require.NoError(t, err)
	var before, after bytes.Buffer
	require.NoError(t, f.Export(&before, format))
	_, err = f.Fork(f.TakeSnapshot("s", members[1]))
	require.NoError(t, err)
	require.NoError(t, f.Export(&after, format))
	require.Equal(t, before.String(), after.String())

	locked(t, f, "always-on-6", members[0].Look().Serial.String()) // with another seed
	err = f.Export(&after, format)
	require.ErrorIs(t, err, ErrAmbiguous)
	require.ErrorContains(t, err, members[0].hardwareID())
	require.False(t, strings.Contains(err.Error(), fmt.Sprintf("%x", "12345678901234567890")))
}
