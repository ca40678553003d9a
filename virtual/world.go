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
)

// Config is the configuration of a world. The zero value gives a manual clock that
// starts at 2026-01-01T00:00:00Z and a random seed.
type Config struct {
	Mode   ClockMode
	Paused bool      // the clock stands still until Resume
	Rate   float64   // world seconds per second, for Scaled; 0.001 to 1e9
	At     time.Time // start of the clock; zero: now, or 2026-01-01 for Manual

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
	machine    func() time.Time
	observer   Observer

	// gate is held for reading during an operation on a token, and for writing while
	// the clock is moved by hand. It is locked before Token.mu, which is locked before mu.
	gate sync.RWMutex

	mu     sync.Mutex // guards the fields below
	mode   ClockMode
	rate   float64
	paused bool
	base   WorldTime // the world's clock when the machine's clock was at start
	start  time.Time
	made   uint64 // number of tokens made so far
	alarms alarms
}

// NewWorld makes a world. The error wraps [ErrClock].
func NewWorld(c Config) (*World, error) {
	w := &World{
		seed: c.Seed, stationKey: c.StationKey, noRig: c.NoRig,
		machine: c.Machine,
	}
	if w.machine == nil {
		w.machine = time.Now
	}
	if w.stationKey == ([32]byte{}) {
		w.stationKey = insecureTestStation
	}
	if err := w.setModeLocked(c.Mode, c.Rate); err != nil {
		return nil, err
	}
	if c.Mode == Manual && c.At.IsZero() {
		c.At = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	w.paused = c.Paused
	w.start = w.machine()
	if c.At.IsZero() {
		c.At = w.start
	}
	if y := c.At.UTC().Year(); y < 1970 || y > 2261 {
		return nil, fmt.Errorf("%w: start in year %d, want 1970 to 2261", ErrClock, y)
	}
	w.base = min(WorldTimeOf(c.At), WorldEnd)
	if w.seed == 0 {
		var b [8]byte
		rand.Read(b[:]) // never fails
		w.seed = binary.LittleEndian.Uint64(b[:]) | 1
	}
	return w, nil
}

// Seed returns the world's seed.
func (w *World) Seed() uint64 { return w.seed }

// next returns the origin of a new token.
func (w *World) next() origin { return w.Reserve(1).origin(0) }

// Reserved are numbers of tokens that have not been made yet. It is safe for concurrent
// use.
type Reserved struct {
	world  *World
	first  uint64
	chunks [][]Token // nil for a few tokens
}

// chunk is the number of tokens of a large lot that share one piece of memory, which
// leaves no gaps between them. It is freed when none of them is in use.
const chunk = 1024

// Reserve sets aside the numbers of the next n tokens. They can then be made in any order
// and at the same time, and are the same tokens as if they had been made one by one.
func (w *World) Reserve(n int) Reserved {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := Reserved{world: w, first: w.made + 1}
	w.made += uint64(n)
	for range n / chunk {
		r.chunks = append(r.chunks, make([]Token, chunk))
	}
	return r
}

// First returns the number of the first token in the world: see [Token.Index].
func (r Reserved) First() uint64 { return r.first }

// NewToken makes the i-th token, from 0. It is made once at most.
func (r Reserved) NewToken(i int, m *Model, opts ...Option) *Token {
	var t *Token
	if i/chunk < len(r.chunks) {
		t = &r.chunks[i/chunk][i%chunk]
	} else {
		t = new(Token)
	}
	t.make(r.world, r.origin(i), m, opts)
	return t
}

func (r Reserved) origin(i int) origin {
	return origin{World: r.world.seed, Index: r.first + uint64(i)}
}

// origin is the root of a token's random values. It follows the token through
// snapshots.
type origin struct {
	World uint64 `json:"world"`
	Index uint64 `json:"index"`
}

// derive returns 32 bytes that depend only on the origin and the purpose.
func (o origin) derive(purpose string) [32]byte {
	b := binary.LittleEndian.AppendUint64(make([]byte, 0, 64), o.World)
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

// source is a random source that is used again. A new one for each of a million tokens
// would take longer than the numbers.
type source struct {
	*mathrand.Rand
	chacha *mathrand.ChaCha8
}

var sourcePool = sync.Pool{New: func() any {
	c := mathrand.NewChaCha8([32]byte{})
	return &source{mathrand.New(c), c}
}}

// withRand calls f with the random source for the purpose.
func (o origin) withRand(purpose string, f func(*mathrand.Rand)) {
	s := sourcePool.Get().(*source)
	s.chacha.Seed(o.derive(purpose))
	f(s.Rand)
	sourcePool.Put(s)
}
