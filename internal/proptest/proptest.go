// SPDX-License-Identifier: Apache-2.0

// Package proptest runs property tests with the same cases each time, and some new
// ones. Only tests import it.
package proptest

import (
	"flag"
	"strconv"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// Seeds are the seeds of the fixed cases.
var Seeds = [...]uint64{1, 2, 3}

// running guards rapid's flags, which are global to the process.
var running sync.Mutex

// Check fails the test if rapid finds a case for which prop does not hold. A quarter of
// the cases is drawn from each of [Seeds], and the last quarter from a random seed. A
// failure prints the seed of its case. The seeds in more add a case each; use them for
// cases that failed once.
//
// rapid's flags and variables work as usual: RAPID_CHECKS is the number of cases, and
// -rapid.seed and -rapid.failfile select a single case.
func Check(t rapid.TB, prop func(*rapid.T), more ...uint64) {
	t.Helper()
	running.Lock()
	defer running.Unlock()
	if value("rapid.seed") != "0" || value("rapid.failfile") != "" {
		rapid.Check(t, prop)
		return
	}
	checks, _ := strconv.Atoi(value("rapid.checks")) // rapid has parsed it
	defer set("rapid.checks", strconv.Itoa(checks))
	defer set("rapid.seed", "0")

	one := 1
	if testing.Short() { // rapid then runs a fifth of the cases
		one = 5
	}
	set("rapid.checks", strconv.Itoa(one))
	for _, seed := range more {
		set("rapid.seed", strconv.FormatUint(seed, 10))
		rapid.Check(t, prop)
	}
	set("rapid.checks", strconv.Itoa(max(checks/(len(Seeds)+1), one)))
	for _, seed := range Seeds {
		set("rapid.seed", strconv.FormatUint(seed, 10))
		rapid.Check(t, prop)
	}
	set("rapid.seed", "0")
	rapid.Check(t, prop)
}

// Long reports whether a long run was requested, with more cases than rapid's default
// of 100. Ordinary tests then cover everything instead of a sample. Do not call Long
// inside a property.
func Long() bool {
	running.Lock()
	defer running.Unlock()
	checks, _ := strconv.Atoi(value("rapid.checks"))
	return checks > 100
}

func value(name string) string { return flag.Lookup(name).Value.String() }

func set(name, value string) {
	if err := flag.Set(name, value); err != nil {
		panic("proptest: " + err.Error())
	}
}
