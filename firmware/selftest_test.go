// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
)

// memory is RAM with simulated faults.
type memory struct {
	cells [32]byte
	where func(i int) int                       // the cell selected by an address; nil: no fault
	store func(m *memory, i int, old, new byte) // called after a store; nil: no fault
}

func (m *memory) Size() int { return len(m.cells) }

func (m *memory) at(i int) int {
	if m.where != nil {
		return m.where(i)
	}
	return i
}

func (m *memory) Load(i int) byte { return m.cells[m.at(i)] }

func (m *memory) Store(i int, b byte) {
	i = m.at(i)
	old := m.cells[i]
	m.cells[i] = b
	if m.store != nil {
		m.store(m, i, old, b)
	}
}

// program is an Image with the given checksums.
type program struct{ now, built uint32 }

func (p program) Sums() (now, built uint32) { return p.now, p.built }

// source is a source of bits. A nil source delivers none.
type source func() uint8

func (s source) Bit() (uint8, bool) {
	if s == nil {
		return 0, false
	}
	return s(), true
}

// fairSource returns a source without faults. It sets the upper bits of its results,
// which the test must ignore.
func fairSource() source {
	r := rand.New(rand.NewPCG(1, 2))
	return func() uint8 { return uint8(r.Uint32()) | 0xFE }
}

func selfTest(t *testing.T, m *machine) host.SelfTest {
	t.Helper()
	c, _ := m.connect(t)
	test, err := c.SelfTest(t.Context())
	require.NoError(t, err)
	return test
}

// results returns the verdicts by part.
func results(t *testing.T, test host.SelfTest) map[serialproto.Part]serialproto.Verdict {
	t.Helper()
	got := map[serialproto.Part]serialproto.Verdict{}
	for p := range serialproto.PartCount {
		v, ok := test.Verdict(p)
		require.True(t, ok, p)
		got[p] = v
	}
	return got
}

// TestSelfTestParts checks that each part is reported, and that a part with nothing to
// test is neither passed nor failed.
func TestSelfTestParts(t *testing.T) {
	m := newMachine(t)
	test := selfTest(t, m)
	require.True(t, test.Passed())
	require.Equal(t, 3000, test.Supply)
	require.False(t, test.Clock)
	for p, v := range results(t, test) {
		want := serialproto.Passed
		if p >= serialproto.PartRAM {
			want = serialproto.NotApplicable
		}
		require.Equal(t, want, v, p)
	}
	m.hw.RAM, m.hw.Image, m.hw.Noise = &memory{}, program{7, 7}, fairSource()
	test = selfTest(t, m)
	require.True(t, test.Passed())
	for p, v := range results(t, test) {
		require.Equal(t, serialproto.Passed, v, p)
	}
}

// TestSelfTestFaults checks that a fault fails its own part and the whole test, and no
// other part.
func TestSelfTestFaults(t *testing.T) {
	// corrupt changes the last character of a known answer, and returns a function that
	// restores it.
	corrupt := func(s *string) func() func() {
		return func() func() {
			good := *s
			b := []byte(good)
			b[len(b)-1] ^= 1
			*s = string(b)
			return func() { *s = good }
		}
	}
	for part, fault := range map[serialproto.Part]func(*machine) func(){
		serialproto.PartSHA1:   func(*machine) func() { return corrupt(&firmware.KnownCodes[0])() },
		serialproto.PartSHA256: func(*machine) func() { return corrupt(&firmware.KnownCodes[1])() },
		serialproto.PartSHA512: func(*machine) func() { return corrupt(&firmware.KnownCodes[2])() },
		serialproto.PartX25519: func(*machine) func() { return corrupt(firmware.KnownShared)() },
		serialproto.PartGCM:    func(*machine) func() { return corrupt(firmware.KnownPlain)() },
		serialproto.PartRAM: func(m *machine) func() {
			m.hw.RAM = &memory{store: func(m *memory, i int, _, _ byte) { m.cells[5] |= 4 }}
			return func() {}
		},
		serialproto.PartImage:   func(m *machine) func() { m.hw.Image = program{7, 8}; return func() {} },
		serialproto.PartEntropy: func(m *machine) func() { m.hw.Noise = source(func() uint8 { return 1 }); return func() {} },
	} {
		t.Run(part.String(), func(t *testing.T) {
			m := newMachine(t)
			m.program(t, payload(profile(t, "always-on-6")), true)
			m.hw.RAM, m.hw.Image, m.hw.Noise = &memory{}, program{7, 7}, fairSource()
			defer fault(m)()
			test := selfTest(t, m)
			require.False(t, test.Passed())
			require.True(t, test.Flash)
			require.Equal(t, part > serialproto.PartGCM, test.Crypto)
			for p, v := range results(t, test) {
				want := serialproto.Passed
				if p == part {
					want = serialproto.Failed
				}
				require.Equal(t, want, v, p)
			}
			require.Equal(t, serialproto.StateLocked, m.state())
		})
	}
	m := newMachine(t)
	m.hw.Noise = source(nil)
	require.False(t, selfTest(t, m).Passed(), "a source without bits must fail")
}

// limitedSource is a fair source that delivers a limited number of bits.
type limitedSource struct {
	source
	left int
}

func (e *limitedSource) Bit() (uint8, bool) {
	e.left--
	b, _ := e.source.Bit()
	return b, e.left >= 0
}

// TestEntropyWindow checks that the self-test reads exactly the 1,024 bits that SP
// 800-90B, section 4.4.2, requires, and fails if one is missing.
func TestEntropyWindow(t *testing.T) {
	for left, want := range map[int]serialproto.Verdict{1024: serialproto.Passed, 1023: serialproto.Failed, 0: serialproto.Failed} {
		m := newMachine(t)
		e := &limitedSource{fairSource(), left}
		m.hw.Noise = e
		v, _ := selfTest(t, m).Verdict(serialproto.PartEntropy)
		require.Equal(t, want, v, "%d bits", left)
		if want == serialproto.Passed {
			require.Zero(t, e.left, "unused bits")
		}
	}
}

// TestNoRAM checks that memory of size 0 does not pass the self-test.
func TestNoRAM(t *testing.T) {
	m := newMachine(t)
	m.hw.RAM = noRAM{}
	v, _ := selfTest(t, m).Verdict(serialproto.PartRAM)
	require.Equal(t, serialproto.Failed, v)
}

type noRAM struct{}

func (noRAM) Size() int       { return 0 }
func (noRAM) Load(int) byte   { panic("no memory") }
func (noRAM) Store(int, byte) { panic("no memory") }

// TestSelfTestAnswers compares the known answers with their sources.
func TestSelfTestAnswers(t *testing.T) {
	// RFC 2202, section 3, and RFC 4231, section 4.2: test case 1.
	for alg, sum := range map[token.Algorithm]string{
		token.SHA1:   "b617318655057264e28bc0b6fb378c8ef146be00",
		token.SHA256: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
		token.SHA512: "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde" +
			"daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
	} {
		mac, err := hex.DecodeString(sum)
		require.NoError(t, err)
		at := mac[len(mac)-1] & 15
		require.Equal(t, fmt.Sprintf("%08d", binary.BigEndian.Uint32(mac[at:])&math.MaxInt32%1e8), firmware.KnownCodes[alg], alg)
	}
	// RFC 7748, section 6.1.
	require.Equal(t, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", hex.EncodeToString([]byte(*firmware.KnownShared)))
	// McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", test case 16.
	require.Equal(t, "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"+
		"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39", hex.EncodeToString([]byte(*firmware.KnownPlain)))
}

// ramPassed runs the RAM test alone.
func ramPassed(t *testing.T, ram *memory) bool {
	m := newMachine(t)
	m.hw.RAM = ram
	v, _ := selfTest(t, m).Verdict(serialproto.PartRAM)
	return v == serialproto.Passed
}

// TestRAMFaults simulates the faults that March C- finds (van de Goor, 1993): stuck-at,
// transition, coupling and address decoder faults.
func TestRAMFaults(t *testing.T) {
	const size = len(memory{}.cells)
	for bit := range size * 8 {
		cell, mask := bit/8, byte(1)<<(bit%8)
		for name, store := range map[string]func(m *memory, i int, old, new byte){
			"stuck at 1": func(m *memory, _ int, _, _ byte) { m.cells[cell] |= mask },
			"stuck at 0": func(m *memory, _ int, _, _ byte) { m.cells[cell] &^= mask },
			"does not rise": func(m *memory, i int, old, _ byte) {
				if i == cell {
					m.cells[i] &^= mask &^ old
				}
			},
			"does not fall": func(m *memory, i int, old, _ byte) {
				if i == cell {
					m.cells[i] |= mask & old
				}
			},
		} {
			require.False(t, ramPassed(t, &memory{store: store}), "bit %d %s", bit, name)
		}
	}
	// A bit that changes with another one, in the same cell or another.
	r := rand.New(rand.NewPCG(3, 4))
	for range 400 {
		from, to := r.IntN(size*8), r.IntN(size*8)
		if from == to {
			continue
		}
		bit := func(b byte, n int) byte { return b >> (n % 8) & 1 }
		for name, effect := range map[string]func(m *memory){
			"flips":  func(m *memory) { m.cells[to/8] ^= 1 << (to % 8) },
			"clears": func(m *memory) { m.cells[to/8] &^= 1 << (to % 8) },
			"sets":   func(m *memory) { m.cells[to/8] |= 1 << (to % 8) },
		} {
			for _, rising := range []byte{0, 1} {
				require.False(t, ramPassed(t, &memory{store: func(m *memory, i int, old, new byte) {
					if i == from/8 && bit(old, from) != bit(new, from) && bit(new, from) == rising {
						effect(m)
					}
				}}), "bit %d %s bit %d, rising %d", from, name, to, rising)
			}
		}
	}
	for i := range size {
		other := (i + 1 + r.IntN(size-1)) % size
		require.False(t, ramPassed(t, &memory{where: func(at int) int {
			if at == i {
				return other
			}
			return at
		}}), "address %d leads to cell %d", i, other)
	}
	require.True(t, ramPassed(t, &memory{}))
}

// cutoff returns the smallest C such that a source that produces one value with
// probability p produces it C or more times in a window with a probability of at most
// 2^-20 (SP 800-90B, 4.4.2).
func cutoff(window int64, p *big.Rat) int64 {
	q := new(big.Rat).Sub(big.NewRat(1, 1), p)
	power := func(r *big.Rat, n int64) *big.Rat {
		e := big.NewInt(n)
		return new(big.Rat).SetFrac(new(big.Int).Exp(r.Num(), e, nil), new(big.Int).Exp(r.Denom(), e, nil))
	}
	tail, most := new(big.Rat), big.NewRat(1, 1<<20)
	for c := window; ; c-- {
		term := new(big.Rat).SetInt(new(big.Int).Binomial(window, c))
		term.Mul(term, power(p, c)).Mul(term, power(q, window-c))
		if tail.Add(tail, term).Cmp(most) > 0 {
			return c + 1
		}
	}
}

// TestNoiseCutoffs computes the limits according to SP 800-90B, section 4.4, for a
// source that produces its likelier bit in 3 of 4 samples.
func TestNoiseCutoffs(t *testing.T) {
	entropy := -math.Log2(0.75)
	require.EqualValues(t, 1+math.Ceil(20/entropy), firmware.NoiseRun)
	require.EqualValues(t, 1024, firmware.NoiseWindow)
	require.EqualValues(t, cutoff(1024, big.NewRat(3, 4)), firmware.NoiseMost)
}

// TestNoiseHealth checks that both tests fail exactly at their limits.
func TestNoiseHealth(t *testing.T) {
	for _, stuck := range []uint8{0, 1} {
		var h firmware.NoiseHealth
		require.True(t, h.Add(1-stuck))
		for n := 1; n < firmware.NoiseRun; n++ {
			require.True(t, h.Add(stuck), n)
		}
		require.False(t, h.Add(stuck))
		require.False(t, h.Add(stuck), "a failure must be permanent")
	}
	// Short runs of a value that is too frequent.
	for _, often := range []uint8{0, 1} {
		var h firmware.NoiseHealth
		for window := range 3 {
			equal, ok := 0, true
			for i := range firmware.NoiseWindow {
				b := often
				if i%40 == 39 || i == firmware.NoiseWindow-1 {
					b = 1 - often
				} else {
					equal++
				}
				ok = h.Add(b)
				require.Equal(t, equal < firmware.NoiseMost, ok, "window %d, bit %d", window, i)
			}
		}
	}
	for seed := range uint64(200) {
		var h firmware.NoiseHealth
		r := rand.New(rand.NewPCG(seed, 5))
		for range 10 * firmware.NoiseWindow {
			require.True(t, h.Add(uint8(r.Uint32())), "a fair source must pass")
		}
	}
}

// TestUptime checks that the uptime counts in every state, and that setting the clock
// does not change it.
func TestUptime(t *testing.T) {
	for s := range serialproto.State(states) {
		m := inState(t, s)
		c, _ := m.connect(t)
		first, err := c.Uptime(t.Context())
		require.NoError(t, err)
		require.Equal(t, time.Duration(m.counted)*time.Millisecond, first.Up)
		require.True(t, first.World.IsZero())
		m.now += 1234
		moved, err := c.Uptime(t.Context())
		require.NoError(t, err)
		require.Equal(t, first.Up, moved.Up, "moving the clock must not change the uptime")
		m.elapse(m.now + 1234)
		later, err := c.Uptime(t.Context())
		require.NoError(t, err)
		require.Equal(t, first.Up+1234*time.Millisecond, later.Up)
	}
}
