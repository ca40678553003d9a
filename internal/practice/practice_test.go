// SPDX-License-Identifier: Apache-2.0

package practice_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/practice"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
)

var update = flag.Bool("update", false, "write the schema of fault plans")

// newConfig returns a practice with an order of its own.
func newConfig(t testing.TB, tokens, stations int, plan string) practice.Config {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, practice.NewOrder(dir, tokens, time.Now()))
	c := practice.Config{Tokens: tokens, Stations: stations, Ports: 4, Dir: dir}
	signers, err := c.UseOrder(time.Now())
	require.NoError(t, err)
	require.Len(t, signers, 2)
	if plan != "" {
		c.Plan, err = practice.ParsePlan([]byte(plan))
		require.NoError(t, err)
	}
	return c
}

// TestEachFault has each fault of the example once. The expected numbers follow from the
// comments in the example: four tokens cannot be made, and one of them uses up a number.
func TestEachFault(t *testing.T) {
	plan, err := os.ReadFile("../../docs/line/faults.yaml")
	require.NoError(t, err)
	c := newConfig(t, 12, 1, string(plan))
	var mu sync.Mutex
	var events []line.Event
	c.Report = func(e line.Event) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, e)
	}
	r, err := practice.Run(t.Context(), c)
	require.NoError(t, err)
	if len(r.Differences) > 0 {
		t.Logf("%+v", events)
	}
	require.Empty(t, r.Differences)
	want := practice.Tally{Made: 8, Voided: 1, Refused: 3}
	require.Equal(t, want, r.Tally)
	require.Equal(t, want, r.Perfect)
	require.Len(t, r.Bad, 4)
	require.Equal(t, practice.Bad{Token: 5, Fault: practice.SlowClock, Outcome: practice.Voided, Serial: r.Bad[0].Serial, Bin: journal.BinRepair, Reason: "the crystal is off by more than the limit of 4000 ppm"}, r.Bad[0])
	labels, err := filepath.Glob(filepath.Join(c.Dir, "station-1", "labels", "*"))
	require.NoError(t, err)
	require.Len(t, labels, 8)
}

// TestTwoStations has two stations take numbers of one order from a shared ledger.
func TestTwoStations(t *testing.T) {
	c := newConfig(t, 6, 2, "")
	c.Ports = 2
	r, err := practice.Run(t.Context(), c)
	require.NoError(t, err)
	require.Empty(t, r.Differences)
	require.Equal(t, practice.Tally{Made: 6}, r.Tally)
}

// TestFourStations has four stations make exactly the tokens of an order, one of which is
// void: they give each other the numbers that they do not need.
func TestFourStations(t *testing.T) {
	c := newConfig(t, 13, 4, "faults: [{fault: slow clock, tokens: [3]}]")
	c.Ports = 2
	require.Equal(t, 13, c.Order.Count)
	r, err := practice.Run(t.Context(), c)
	require.NoError(t, err)
	require.Empty(t, r.Differences)
	require.Equal(t, practice.Tally{Made: 12, Voided: 1}, r.Tally)
}

func TestCancelled(t *testing.T) {
	c := newConfig(t, 2, 1, "")
	ctx, cancel := context.WithCancel(t.Context())
	c.Report = func(line.Event) { cancel() }
	_, err := practice.Run(ctx, c)
	require.ErrorIs(t, err, context.Canceled)
}

func TestParsePlan(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "there is no fault under faults",
		"faults: [{fault: fire, tokens: [1]}]":  `there is no fault "fire": want counterfeit, noise`,
		"faults: [{fault: noise}]":              "give the tokens, or every: 10",
		"faults: [{fault: noise, tokens: [0]}]": "1 is the first",
		"faults: [{fault: noise, every: -1}]":   "give the tokens, or every: 10",
		"faults: [{fault: noise, token: 1}]":    "unknown field token",
	} {
		_, err := practice.ParsePlan([]byte(text))
		require.ErrorIs(t, err, practice.ErrPlan, text)
		require.ErrorContains(t, err, want, text)
	}
	c := newConfig(t, 2, 1, "faults: [{fault: noise, tokens: [3]}]")
	_, err := practice.Run(t.Context(), c)
	require.ErrorContains(t, err, "there is no token 3: there are 2")
}

// TestSchema checks that the schema in docs/line follows from the code.
func TestSchema(t *testing.T) {
	schema, err := practice.Schema()
	require.NoError(t, err)
	const path = "../../docs/line/faults.schema.json"
	if *update {
		require.NoError(t, os.WriteFile(path, schema, 0o644))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(schema), string(have), "write it with go generate ./internal/practice")
}
