// SPDX-License-Identifier: Apache-2.0

package fleetkey

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/token"
)

// file is testdata/vectors.json.
type file struct {
	Vectors []struct {
		Key    string `json:"key"`
		ID     string `json:"id"`
		Tokens []struct {
			Number  string `json:"number"`
			Seed10  string `json:"seed10"`
			Seed20  string `json:"seed20"`
			Seed64  string `json:"seed64"`
			Crystal string `json:"crystal"`
			Lot     string `json:"lot"`
		} `json:"tokens"`
	} `json:"vectors"`
}

// TestVectors: the values are python3-cryptography's, computed by testdata/vectors.py.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors.json")
	require.NoError(t, err)
	var f file
	require.NoError(t, json.Unmarshal(text, &f))
	require.Len(t, f.Vectors, 3)
	for _, v := range f.Vectors {
		key, err := Parse([]byte(v.Key))
		require.NoError(t, err)
		require.Equal(t, v.ID, key.ID())
		require.Len(t, v.Tokens, 10)
		for _, want := range v.Tokens {
			n, err := strconv.ParseUint(want.Number, 10, 64)
			require.NoError(t, err)
			for length, text := range map[int]string{10: want.Seed10, 20: want.Seed20, 64: want.Seed64} {
				seed, err := key.Seed(n, length)
				require.NoError(t, err)
				require.Equal(t, text, seed.ExposeHex())
			}
			crystal, lot := key.Crystal(n), key.Lot(n)
			require.Equal(t, want.Crystal, hex.EncodeToString(crystal[:]))
			require.Equal(t, want.Lot, hex.EncodeToString(lot[:]))
		}
	}
}

// TestVectorsAreCurrent runs the program that wrote the vectors.
func TestVectorsAreCurrent(t *testing.T) {
	python := tooltest.Python(t, "cryptography")
	out, err := exec.CommandContext(t.Context(), python, "testdata/vectors.py").Output()
	require.NoError(t, err)
	want, err := os.ReadFile("testdata/vectors.json")
	require.NoError(t, err)
	require.Equal(t, string(want), string(out))
}

func TestParse(t *testing.T) {
	good := string(Generate())
	require.Len(t, good, 65)
	require.NotEqual(t, good, string(Generate()))
	want, err := Parse([]byte(good))
	require.NoError(t, err)
	for _, text := range []string{strings.TrimSpace(good), strings.ToUpper(good), " " + good + "\r\n"} {
		key, err := Parse([]byte(text))
		require.NoError(t, err)
		require.Equal(t, want.ID(), key.ID())
	}
	for _, bad := range []string{"", "00", good[:63], good[:63] + "x", "0" + good, strings.Repeat(" ", 64), good[:32] + " " + good[32:]} {
		_, err := Parse([]byte(bad))
		require.ErrorIs(t, err, ErrKey, bad)
		require.False(t, bad != "" && strings.Contains(err.Error(), good[:32]))
	}
	for _, length := range []int{-1, 0, 9, 65, 1 << 20} {
		_, err := want.Seed(1, length)
		require.ErrorIs(t, err, token.ErrSeedLength)
	}
	require.True(t, Key{}.IsZero())
	require.False(t, want.IsZero())
}

// TestRedacted: no way of printing a key shows it.
func TestRedacted(t *testing.T) {
	text := strings.Repeat("5eed", 16)
	key, err := Parse([]byte(text))
	require.NoError(t, err)
	holder := struct{ key Key }{key}
	shown := fmt.Sprintf("%v %+v %#v %x %s %d %v %#v", key, key, key, key, key, key, holder, &holder)
	j, err := json.Marshal(struct{ Key Key }{key})
	require.NoError(t, err)
	shown += string(j)
	require.NotContains(t, strings.ToLower(shown), "5eed5eed")
	require.NotContains(t, shown, "94 237 94") // the bytes
}

// TestRanges: tokens of two ranges have nothing in common, and the end of a range changes
// nothing at its beginning.
func TestRanges(t *testing.T) {
	key, err := Parse([]byte(strings.Repeat("07", Size)))
	require.NoError(t, err)
	seen := map[string]uint64{}
	for _, first := range []uint64{1, 2001, 1<<32 - 2000, 1 << 40} {
		for n := first; n < first+2000; n++ {
			seed, err := key.Seed(n, token.DefaultSeedLen)
			require.NoError(t, err)
			crystal := key.Crystal(n)
			for _, value := range []string{seed.ExposeHex(), string(crystal[:20])} {
				if other, ok := seen[value]; ok {
					t.Fatalf("tokens %d and %d have a value in common", other, n)
				}
				seen[value] = n
			}
		}
	}
}

func BenchmarkSeed(b *testing.B) {
	key, err := Parse([]byte(strings.Repeat("07", Size)))
	require.NoError(b, err)
	for n := range uint64(b.N) {
		if _, err := key.Seed(n, token.DefaultSeedLen); err != nil {
			b.Fatal(err)
		}
	}
}
