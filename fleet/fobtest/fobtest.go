// SPDX-License-Identifier: Apache-2.0

// Package fobtest provides tokens for Go tests of a server, a client or a rig.
// [New] makes a world whose clock stands still until the test moves it, and closes it
// when the test ends. A failed test logs the world's seed and everything that happened
// to the tokens.
//
//	func TestAgedTokenIsRefused(t *testing.T) {
//		tok := fobtest.New(t).Token(fobtest.PPM(-3.8))
//		tok.Age(5 * virtual.Year)
//		if err := srv.Validate(tok.Serial(), tok.Code()); err == nil {
//			t.Fatal("a code that is ten minutes old was accepted")
//		}
//	}
//
// # Environment
//
// FOB_WORLD_SEED repeats a test with the seed that a failed run has logged.
//
// FOB_DEVICE=/dev/ttyACM0 runs the same test on a real token with the rig commands, or
// on several, separated by spaces. A test that needs more than hardware offers is
// skipped, and names the operation. The token is wiped and provisioned for each test, but
// only if it is blank or its serial number is one of those for test tokens (see
// token.TestSerial): a token in use is never touched.
package fobtest

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

// World is the clock of a test and its tokens. Its methods end the test if they fail, so
// call them from the test's own goroutine.
type World struct {
	t     testing.TB
	seed  uint64
	fleet *fleet.Fleet // nil on hardware

	// On hardware.
	devices []string      // not in use by a token yet
	offset  time.Duration // the world's time after the machine's
	done    []string      // the log of operations
	made    uint64
}

// Option is an option of [New].
type Option func(*settings)

type settings struct {
	config virtual.Config
}

// WorldSeed sets the seed of everything random: the tokens' seeds, crystals and faults.
// By default it comes from FOB_WORLD_SEED, or is another one in each run.
func WorldSeed(seed uint64) Option { return func(s *settings) { s.config.Seed = seed } }

// StartAt starts the world's clock at an instant. By default it is the beginning of 2026,
// and the present on hardware.
func StartAt(at time.Time) Option { return func(s *settings) { s.config.At = at } }

// StartNow starts the world's clock at the machine's time. The clock then stands still.
// Use it for a server whose clock the test cannot set.
func StartNow() Option { return StartAt(time.Now()) }

// RealClock makes the world's clock follow the machine's, from its start on. Codes then
// change while the test runs. Without [StartAt] it starts at the machine's time.
func RealClock() Option { return func(s *settings) { s.config.Mode = virtual.Real } }

// New makes a world for a test.
func New(t testing.TB, options ...Option) *World {
	t.Helper()
	var s settings
	s.config.Seed = seedFrom(t, os.Getenv("FOB_WORLD_SEED"))
	for _, o := range options {
		o(&s)
	}
	world, err := virtual.NewWorld(s.config)
	if err != nil {
		t.Fatalf("fobtest: %v", err)
	}
	w := &World{t: t, seed: world.Seed(), devices: strings.Fields(os.Getenv("FOB_DEVICE"))}
	t.Cleanup(w.logFailure)
	if len(w.devices) > 0 {
		if !s.config.At.IsZero() {
			w.offset = time.Until(s.config.At)
		}
		return w
	}
	w.devices = nil
	w.fleet, err = fleet.New(world, fleet.Config{})
	if err != nil {
		t.Fatalf("fobtest: %v", err)
	}
	w.serve()
	return w
}

// seedFrom reads the seed in the environment, 0 if there is none.
func seedFrom(t testing.TB, text string) uint64 {
	t.Helper()
	if text == "" {
		return 0
	}
	seed, err := strconv.ParseUint(text, 0, 64)
	if err != nil || seed == 0 {
		t.Fatalf("fobtest: FOB_WORLD_SEED=%s: want a whole number from 1 to 2^64-1", text)
	}
	return seed
}

// serve serves the tokens' ports until the test ends.
func (w *World) serve() {
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- w.fleet.Serve(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			w.t.Errorf("fobtest: %v", err)
		}
		if err := w.fleet.Close(); err != nil {
			w.t.Errorf("fobtest: %v", err)
		}
	})
}

// Seed returns the world's seed.
func (w *World) Seed() uint64 { return w.seed }

// Hardware reports whether the tokens are real devices.
func (w *World) Hardware() bool { return w.fleet == nil }

// Now returns the world's time.
func (w *World) Now() time.Time {
	if w.fleet == nil {
		return time.Now().Add(w.offset)
	}
	return w.fleet.World().Now().Time()
}

// Advance moves the world's clock forward, with all that happens to the tokens
// meanwhile. Ten years take no longer than ten seconds.
func (w *World) Advance(d time.Duration) {
	w.t.Helper()
	w.Fleet("Advance").World().Advance(d)
}

// AdvanceTo moves the world's clock forward to an instant.
func (w *World) AdvanceTo(at time.Time) {
	w.t.Helper()
	w.Fleet("AdvanceTo").World().AdvanceTo(virtual.WorldTimeOf(at))
}

// Fleet returns the fleet of the tokens, for operations that this package lacks. On
// hardware it skips the test, which then names the purpose.
func (w *World) Fleet(purpose string) *fleet.Fleet {
	w.t.Helper()
	if w.fleet == nil {
		w.skip(purpose)
	}
	return w.fleet
}

// skip skips the test because hardware lacks something.
func (w *World) skip(what string) {
	w.t.Helper()
	w.t.Skipf("fobtest: %s: the hardware cannot do that", what)
}
