// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// TestSnapshotErrorsNameTheToken checks that an error about one token of a snapshot has
// its hardware id, by which it can be found.
func TestSnapshotErrorsNameTheToken(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	members, err := f.MakeLot(Lot{Count: 3, Ready: true})
	require.NoError(t, err)
	var ids []string
	for _, m := range members {
		id := m.Token.HardwareID()
		ids = append(ids, hex.EncodeToString(id[:]))
	}
	snap := f.TakeSnapshot("all")
	file, err := snap.MarshalBinary()
	require.NoError(t, err)

	// The data of the second token is of another version, or not JSON.
	lines := strings.Split(string(file), "\n")
	_, data, found := strings.Cut(strings.TrimSuffix(lines[2], `"},`), `"data":"`)
	require.True(t, found)
	plain, err := base64.StdEncoding.DecodeString(data)
	require.NoError(t, err)
	for _, damaged := range []string{strings.Replace(string(plain), `"version":1`, `"version":2`, 1), "fob"} {
		bad := strings.Replace(string(file), data, base64.StdEncoding.EncodeToString([]byte(damaged)), 1)
		_, err = f.LoadSnapshot("x", []byte(bad))
		require.ErrorIs(t, err, ErrSnapshot)
		require.ErrorContains(t, err, "token "+ids[1]+": ")
	}
	// The flash of the second token has one page.
	head, rest, found := strings.Cut(string(plain), `"pages":[`)
	require.True(t, found)
	_, rest, found = strings.Cut(rest, `],"pageSize"`)
	require.True(t, found)
	bad := strings.Replace(string(file), data, base64.StdEncoding.EncodeToString([]byte(head+`"pages":[{}],"pageSize"`+rest)), 1)
	_, err = f.LoadSnapshot("damaged", []byte(bad))
	require.ErrorIs(t, err, ErrSnapshot)
	require.ErrorContains(t, err, "token "+ids[1]+": not a snapshot of a token: flash of 1 pages")

	// A fleet of the same world seed that has made other tokens before.
	other := emptyFleet(t, virtual.Config{Seed: 7})
	moved, err := other.LoadSnapshot("moved", file)
	require.NoError(t, err)
	_, err = other.Restore(moved)
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorContains(t, err, "token "+ids[0]+` of snapshot "moved" is not in this fleet`)
	other.World().NewToken(testModel(t))
	_, err = other.MakeLot(Lot{Count: 1, Ready: true})
	require.NoError(t, err)
	_, err = other.Restore(moved)
	require.ErrorIs(t, err, ErrSnapshot)
	require.ErrorContains(t, err, "has token "+ids[1]+" in the place of token "+ids[0]+` of snapshot "moved"`)

	require.NoError(t, f.Remove(members[1]))
	_, err = f.Restore(snap)
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorContains(t, err, "token "+ids[1]+` of snapshot "all" is not in this fleet`)
}
