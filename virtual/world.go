// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
)

// ClockMode is the way in which a world's clock advances.
type ClockMode uint8

// The modes of a world's clock.
const (
	Manual ClockMode = iota // stands still until Advance
	Real                    // follows the machine's clock
	Scaled                  // runs Config.Rate times as fast as the machine's clock
)

// String returns "manual", "real" or "scaled".
func (m ClockMode) String() string {
	switch m {
	case Manual:
		return "manual"
	case Real:
		return "real"
	case Scaled:
		return "scaled"
	}
	return "unknown"
}

// ErrClock is the error of an invalid clock configuration.
var ErrClock = errclass.New(errclass.Usage, "invalid world clock")

// Config is the configuration of a world. The zero value gives a manual clock that
// starts at 2026-01-01T00:00:00Z and a random seed.
type Config struct {
	Mode ClockMode
	Rate float64   // world seconds per second, for Scaled; 0.001 to 1e9
	At   time.Time // start of the clock; zero: now, or 2026-01-01 for Manual

	// Seed is the source of everything random in the world: crystals, keys and faults.
	// The same seed gives the same tokens. 0 selects a random seed.
	Seed uint64

	// StationKey is the public key of the provisioning station that the tokens of this
	// world accept. Zero selects the public half of the published test key,
	// host.InsecureTestStationKey.
	StationKey [32]byte

	// NoRig makes tokens without the rig group, like production tokens.
	NoRig bool

	// Machine is the machine's clock; nil is time.Now.
	Machine func() time.Time
}

// insecureTestStation is host.InsecureTestStationKey().Public(); a test compares
// the two.
var insecureTestStation = [32]byte{
	0x37, 0x0f, 0x82, 0x1e, 0xde, 0x30, 0x21, 0xa8, 0x75, 0xe4, 0x5c, 0x2e, 0xa6, 0xb4, 0x56, 0xb2,
	0xde, 0xd5, 0xbb, 0x68, 0xec, 0x24, 0x79, 0x82, 0x3a, 0xf5, 0x1d, 0xa0, 0x0d, 0xe2, 0x56, 0x03,
}

// World is the clock and the random source that its tokens share. It is safe for
// concurrent use. It holds no reference to its tokens.
type World struct {
	seed       uint64
	stationKey [32]byte
	noRig      bool
	mode       ClockMode
	rate       float64
	machine    func() time.Time

	mu    sync.Mutex // guards the fields below
	base  WorldTime  // the world's clock when the machine's clock was at start
	start time.Time
	made  uint64 // number of tokens made so far
}

// NewWorld makes a world. The error wraps [ErrClock].
func NewWorld(c Config) (*World, error) {
	w := &World{
		seed: c.Seed, stationKey: c.StationKey, noRig: c.NoRig,
		mode: c.Mode, rate: 1, machine: c.Machine,
	}
	if w.machine == nil {
		w.machine = time.Now
	}
	if w.stationKey == ([32]byte{}) {
		w.stationKey = insecureTestStation
	}
	switch c.Mode {
	case Manual:
		w.rate = 0
		if c.At.IsZero() {
			c.At = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		}
	case Real:
	case Scaled:
		if !(c.Rate >= 0.001 && c.Rate <= 1e9) {
			return nil, fmt.Errorf("%w: rate %v, want 0.001 to 1e9", ErrClock, c.Rate)
		}
		w.rate = c.Rate
	default:
		return nil, fmt.Errorf("%w: unknown mode %d", ErrClock, c.Mode)
	}
	w.start = w.machine()
	if c.At.IsZero() {
		c.At = w.start
	}
	if y := c.At.UTC().Year(); y < 1970 || y > 2261 {
		return nil, fmt.Errorf("%w: start in year %d, want 1970 to 2261", ErrClock, y)
	}
	w.base = WorldTimeOf(c.At)
	if w.seed == 0 {
		var b [8]byte
		rand.Read(b[:]) // never fails
		w.seed = binary.LittleEndian.Uint64(b[:]) | 1
	}
	return w, nil
}

// Seed returns the world's seed.
func (w *World) Seed() uint64 { return w.seed }

// Mode returns the mode of the clock.
func (w *World) Mode() ClockMode { return w.mode }

// Rate returns how many world seconds pass in a second: 0 for Manual, 1 for Real.
func (w *World) Rate() float64 { return w.rate }

// Now returns the world's time.
func (w *World) Now() WorldTime {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nowLocked()
}

func (w *World) nowLocked() WorldTime {
	if w.rate == 0 {
		return w.base
	}
	// Use the wall clock, not the monotonic one, because a server under test follows
	// it.
	passed := w.machine().Round(0).Sub(w.start.Round(0))
	if w.rate != 1 {
		passed = time.Duration(max(-9e18, min(float64(passed)*w.rate, 9e18)))
	}
	return w.base.Add(passed)
}

// Advance moves the world's clock forward by d, in any mode. Ten years take no longer
// than ten seconds. A negative d is ignored, because time does not run backwards; skew
// a token instead.
func (w *World) Advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.base = w.base.Add(max(d, 0))
}

// AdvanceTo moves the world's clock forward to t. An earlier t is ignored.
func (w *World) AdvanceTo(t WorldTime) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := t - w.nowLocked(); d > 0 {
		w.base = w.base.Add(time.Duration(d))
	}
}

// next returns the origin of a new token.
func (w *World) next() origin {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made++
	return origin{World: w.seed, Index: w.made}
}

// origin is the root of a token's random values. It follows the token through
// snapshots.
type origin struct {
	World uint64 `json:"world"`
	Index uint64 `json:"index"`
}

// derive returns 32 bytes that depend only on the origin and the purpose.
func (o origin) derive(purpose string) [32]byte {
	b := binary.LittleEndian.AppendUint64(nil, o.World)
	b = binary.LittleEndian.AppendUint64(b, o.Index)
	return sha256.Sum256(append(b, purpose...))
}

// hardwareID returns the factory's number of the hardware.
func (o origin) hardwareID() [8]byte {
	id := o.derive("hardware id")
	return [8]byte(id[:8])
}

// rand returns a random source for the purpose.
func (o origin) rand(purpose string) *mathrand.Rand {
	return mathrand.New(mathrand.NewChaCha8(o.derive(purpose)))
}
