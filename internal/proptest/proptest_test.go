// SPDX-License-Identifier: Apache-2.0

package proptest_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/d204ef64/fob/internal/proptest"
)

// recorder is a test whose failures are only recorded.
type recorder struct {
	*testing.T
	failed bool
	log    strings.Builder
}

func (r *recorder) Errorf(format string, args ...any) {
	r.failed = true
	fmt.Fprintf(&r.log, format+"\n", args...)
}
func (r *recorder) Logf(format string, args ...any) { fmt.Fprintf(&r.log, format+"\n", args...) }
func (r *recorder) Log(args ...any)                 { fmt.Fprintln(&r.log, args...) }
func (r *recorder) Failed() bool                    { return r.failed }
func (r *recorder) FailNow()                        { panic(r) }

// run returns the numbers that Check draws, and its output.
func run(t *testing.T, fails func(x uint64) bool, more ...uint64) (drawn []uint64, r *recorder) {
	r = &recorder{T: t}
	defer func() {
		if p := recover(); p != nil && p != any(r) {
			panic(p)
		}
	}()
	proptest.Check(r, func(t *rapid.T) {
		x := rapid.Uint64().Draw(t, "x")
		drawn = append(drawn, x)
		if fails != nil && fails(x) {
			t.Fatalf("found")
		}
	}, more...)
	return drawn, r
}

// setFlag sets one of rapid's flags for the rest of the test.
func setFlag(t *testing.T, name, value string) {
	was := flag.Lookup(name).Value.String()
	require.NoError(t, flag.Set(name, value))
	t.Cleanup(func() { require.NoError(t, flag.Set(name, was)) })
}

func TestSeeds(t *testing.T) {
	setFlag(t, "rapid.checks", "40")
	setFlag(t, "rapid.seed", "0")
	per := 10
	if testing.Short() { // rapid then runs a fifth of the cases
		per = 2
	}
	first, _ := run(t, nil)
	second, _ := run(t, nil)
	require.Len(t, first, 4*per, "the same number as rapid draws")
	require.Equal(t, first[:3*per], second[:3*per], "the same values each time")
	require.NotEqual(t, first[3*per:], second[3*per:], "some new values")
	require.Equal(t, "40", flag.Lookup("rapid.checks").Value.String())
	require.Equal(t, "0", flag.Lookup("rapid.seed").Value.String())
}

func TestLong(t *testing.T) {
	for checks, long := range map[string]bool{"1": false, "100": false, "101": true, "10000": true} {
		setFlag(t, "rapid.checks", checks)
		require.Equal(t, long, proptest.Long(), checks)
	}
}

// TestFailure checks that a failure prints a seed that reproduces the case.
func TestFailure(t *testing.T) {
	setFlag(t, "rapid.nofailfile", "true")
	setFlag(t, "rapid.seed", "0")
	setFlag(t, "rapid.checks", "400")
	big := func(x uint64) bool { return x > 1000 }
	_, r := run(t, big)
	require.True(t, r.failed)
	var seed uint64
	_, text, found := strings.Cut(r.log.String(), "-rapid.seed=")
	require.True(t, found, r.log.String())
	_, err := fmt.Sscan(text, &seed)
	require.NoError(t, err)

	drawn, r := run(t, big, seed) // as an additional case
	require.True(t, r.failed)
	require.True(t, big(drawn[0]), "the first case is the one that failed")
	require.Equal(t, "400", flag.Lookup("rapid.checks").Value.String(), "restored after a failure")

	setFlag(t, "rapid.seed", fmt.Sprint(seed))
	drawn, r = run(t, big)
	require.True(t, r.failed)
	require.True(t, big(drawn[0]))
}
