// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/virtual"
)

// TestSelfTestAnswers: a missing part has not passed, and an unknown result is an
// error.
func TestSelfTestAnswers(t *testing.T) {
	type answer = map[string]any
	older := answer{"flash": true, "crypto": true, "clock": false, "mv": 3000}
	test, err := answering(t, older).SelfTest(t.Context())
	require.NoError(t, err)
	require.Equal(t, host.SelfTest{Flash: true, Crypto: true, Supply: 3000}, test)
	require.True(t, test.Passed())
	_, reported := test.Verdict(serialproto.PartRAM)
	require.False(t, reported)

	with := func(key string, value any) answer {
		a := answer{key: value}
		for k, v := range older {
			if _, ok := a[k]; !ok {
				a[k] = v
			}
		}
		return a
	}
	for value, passed := range map[uint]bool{0: false, 1: true, 2: true} {
		for part := range serialproto.PartCount {
			test, err := answering(t, with(part.String(), value)).SelfTest(t.Context())
			require.NoError(t, err)
			require.Equal(t, []host.PartResult{{Part: part, Verdict: serialproto.Verdict(value)}}, test.Parts)
			require.Equal(t, passed, test.Passed())
		}
	}
	for _, bad := range []answer{
		with("ram", 3), with("ram", -1), with("ram", true), with("ram", nil), with("flash", 1), with("crypto", nil), {},
	} {
		_, err := answering(t, bad).SelfTest(t.Context())
		require.ErrorIs(t, err, host.ErrProtocol, bad)
	}
	_, err = answering(t, with("flash", false)).SelfTest(t.Context())
	require.NoError(t, err)
}

// uptimeAnswer returns an answer to an uptime request, framed.
func uptimeAnswer(h serialproto.Header, up int64) []byte {
	return hosttest.Frame(h.Response(), binary.BigEndian.AppendUint64([]byte("\xa1\x62up\x1b"), uint64(up)))
}

// advancing is a line on which each line that a client sends advances the world's clock
// by a second.
type advancing struct {
	*wire
	world *virtual.World
}

func (m advancing) Write(p []byte) (int, error) {
	m.world.Advance(time.Second)
	return m.wire.Write(p)
}

// TestMeasureCrystal: the error of the crystal lies within the measured limits, which
// decide the result. The token's clock does not matter, because the token is locked.
func TestMeasureCrystal(t *testing.T) {
	for trim, beyond := range map[virtual.PPM]bool{0: false, 40: false, -40: false, 5000: true, -5000: true} {
		w := newWorld(t)
		m, err := virtual.ModelByName("always-on-6")
		require.NoError(t, err)
		k := w.NewToken(m, virtual.Perfect(), virtual.Trim(trim))
		_, line := attachWire(t, k)
		c := host.New(advancing{line, w}, host.WithTimeout(patience))
		meter, err := c.StartCrystal(t.Context())
		require.NoError(t, err)
		require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), newOrder(t, w, "always-on-6")))
		require.NoError(t, c.Lock(t.Context()))
		early, err := meter.Measure(t.Context(), 1000, time.Minute)
		require.NoError(t, err)
		require.Equal(t, beyond, early.Beyond(1000), "measured since before the token was programmed")
		require.LessOrEqual(t, early.Low, float64(trim))
		require.GreaterOrEqual(t, early.High, float64(trim))
		r, err := c.MeasureCrystal(t.Context(), 1000, time.Minute)
		require.NoError(t, err)
		require.Equal(t, beyond, r.Beyond(1000), trim)
		require.Equal(t, !beyond, r.Within(1000), trim)
		require.LessOrEqual(t, r.Low, float64(trim))
		require.GreaterOrEqual(t, r.High, float64(trim))
	}
}

// TestMeasureCrystalByHost: without a world, the comparison uses this machine's clock.
// A device whose uptime does not advance or is too fast is detected.
func TestMeasureCrystalByHost(t *testing.T) {
	start := time.Now()
	for name, tt := range map[string]struct {
		up   func() int64
		good bool
	}{
		"good":    {func() int64 { return time.Since(start).Milliseconds() }, true},
		"stopped": {func() int64 { return 12345 }, false},
		"double":  {func() int64 { return 2 * time.Since(start).Milliseconds() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := device(t, func(h serialproto.Header, _ []byte) []byte { return uptimeAnswer(h, tt.up()) })
			r, err := c.MeasureCrystal(t.Context(), 100_000, time.Hour)
			require.NoError(t, err)
			require.Equal(t, tt.good, r.Within(100_000))
			require.Equal(t, !tt.good, r.Beyond(100_000))
		})
	}
}

// TestMeasureCrystalRefused: a crystal that cannot be measured has not passed.
func TestMeasureCrystalRefused(t *testing.T) {
	c := attach(t, newToken(t, newWorld(t), "always-on-6"))
	_, err := c.MeasureCrystal(t.Context(), 1000, time.Hour)
	require.ErrorIs(t, err, host.ErrClockStopped)

	_, err = answering(t, map[string]int{"rc": 8}).MeasureCrystal(t.Context(), 1000, time.Hour)
	require.ErrorIs(t, err, serialproto.RCUnsupported)
	_, err = answering(t, map[string]int{}).MeasureCrystal(t.Context(), 1000, time.Hour)
	require.ErrorIs(t, err, host.ErrProtocol)

	up := int64(1 << 40)
	c = device(t, func(h serialproto.Header, _ []byte) []byte {
		up /= 2
		return uptimeAnswer(h, up)
	})
	_, err = c.MeasureCrystal(t.Context(), 1000, time.Hour)
	require.ErrorIs(t, err, host.ErrRestarted)
}
