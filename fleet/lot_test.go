// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"encoding/base32"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// reference computes the code of a token at a time with pquerna/otp.
func reference(t *testing.T, m Member, at time.Time) string {
	t.Helper()
	seed, p := m.Token.Secrets()
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed.Bytes())
	code, err := totp.GenerateCodeCustom(secret, at, totp.ValidateOpts{
		Period: uint(p.Step), Digits: otp.Digits(p.Digits), Algorithm: otp.AlgorithmSHA1,
	})
	require.NoError(t, err)
	return code
}

func TestLotReady(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	members, err := f.MakeLot(Lot{Count: 20, Ready: true, Expiry: "2029-01-31", ExpiryTo: "2030-12-31", Crystal: CrystalC200})
	require.NoError(t, err)
	days := map[string]bool{}
	for _, m := range members {
		serial, expiry := m.Token.BackLabel()
		require.Equal(t, "ZZFB", serial.String()[:4])
		days[expiry.String()] = true
		require.GreaterOrEqual(t, expiry.String(), "2029-01-31")
		require.LessOrEqual(t, expiry.String(), "2030-12-31")
		s := m.Look()
		require.Equal(t, serialproto.StateLocked, s.State)
		require.Equal(t, reference(t, m, s.Clock.Time()), s.Text)
		found, err := f.Find(serial.String())
		require.NoError(t, err)
		require.Equal(t, m, found)
	}
	require.Greater(t, len(days), 10)

	again := emptyFleet(t, virtual.Config{Seed: 7})
	same, err := again.MakeLot(Lot{Count: 20, Ready: true, Expiry: "2029-01-31", ExpiryTo: "2030-12-31", Crystal: CrystalC200})
	require.NoError(t, err)
	for i := range same {
		require.Equal(t, members[i].Look().Reading, same[i].Look().Reading)
	}
}

// TestLotCrystals: a year without ageing at 25 °C shows the error of the crystal. The
// limits are the kinds' limits plus 5 ppm for the ageing of the first year: 3 ppm (data
// sheets of ECS and CTS) and rounding of the turnover.
func TestLotCrystals(t *testing.T) {
	const second = 1e6 / (365.25 * 24 * 3600) // ppm that are a second a year
	for kind, limit := range map[string]float64{
		CrystalPerfect: 0.001, CrystalC200: 2.85 + 5, CrystalGood: 12 + 5, CrystalUntrimmed: 20 + 5,
	} {
		f := emptyFleet(t, virtual.Config{Seed: 7})
		members, err := f.MakeLot(Lot{Count: 200, Ready: true, Crystal: kind})
		require.NoError(t, err)
		f.World().Advance(virtual.Year)
		widest := 0.0
		for _, m := range members {
			ppm := m.Look().Error.Seconds() * second
			widest = max(widest, ppm, -ppm)
		}
		require.LessOrEqual(t, widest, limit, kind)
		if kind != CrystalPerfect {
			require.GreaterOrEqual(t, widest, limit/4, kind)
		}
	}
}

func TestLotRefused(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	hot, cold := 1e6, -5.0
	for want, l := range map[string]Lot{
		"count -1": {Count: -1},
		"sundial":  {Profile: "sundial"},
		`no crystal "quartz": there are model, perfect, good`:   {Crystal: "quartz"},
		`no serial_kind "x": there are oath, vendor13, vendor9`: {SerialKind: "x", Ready: true},
		"expiry: ":                       {Expiry: "2029-02-30", Ready: true},
		"expiry_to: ":                    {ExpiryTo: "soon", Ready: true},
		"expiry_to 2029-01-01 is before": {Expiry: "2029-01-02", ExpiryTo: "2029-01-01", Ready: true},
		"serial_kind has no effect: it needs ready":      {SerialKind: "oath"},
		"expiry has no effect: it needs ready":           {Expiry: "2029-01-02"},
		"expiry_to has no effect: it needs ready":        {ExpiryTo: "2029-01-02"},
		"age_temp has no effect: it needs age or age_to": {AgeTemp: &cold},
		"ppm has no effect: it needs the crystal model":  {PPM: &cold, Crystal: CrystalC200},
		`name "1", want a letter`:                        {Name: "1"},
		`name "two words"`:                               {Name: "two words"},
		`age: invalid period: "5"`:                       {Age: "5"},
		`age_to: invalid period: "P"`:                    {AgeTo: "P"},
		"age_to P1Y is less than age P2Y":                {Age: "P2Y", AgeTo: "P1Y"},
		"age_to -P1Y is less than age 0 s":               {AgeTo: "-P1Y"},
		"age -P1Y is less than 0":                        {Age: "-P1Y"},
		"1000000 °C, want -60 to 125":                    {Temp: &hot},
		"at most 1000000":                                {Count: MaxCount + 1},
	} {
		_, err := f.MakeLot(l)
		require.ErrorContains(t, err, want)
		require.Zero(t, f.Len())
	}
}

func TestParsePeriod(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1d": 24 * time.Hour, "5y": 5 * virtual.Year, "2w": 14 * 24 * time.Hour, "-1y2w3d4h5m6s": -(virtual.Year + 17*24*time.Hour + 4*time.Hour + 5*time.Minute + 6*time.Second),
		"1.5d": 36 * time.Hour, "+1d": 24 * time.Hour, "1d12h": 36 * time.Hour,
		"PT90S": 90 * time.Second, "90s": 90 * time.Second, "-95s": -95 * time.Second, "+95s": 95 * time.Second,
		"P1W": 7 * 24 * time.Hour, "P2DT3H4M": 51*time.Hour + 4*time.Minute, "P0.5Y": virtual.Year / 2,
		"-P3Y": -3 * virtual.Year, "P6M": virtual.Year / 2, "PT1M": time.Minute, "0s": 0,
	} {
		got, err := ParsePeriod(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "P", "PT", "5", "P1", "1Y", "P1H", "PT1D", "P1DT", "P400Y", "P1.2.3Y", "--1s", "P-1Y", "1d-3h", "1d+3h", "1h1d", "1d1y", "d", "1 d", "NaNd", "400y", "291y106751d", "1D", "1mo", "."} {
		_, err := ParsePeriod(text)
		require.ErrorIs(t, err, ErrPeriod, text)
	}
}

// TestFormatPeriod: the expected texts are written by hand.
func TestFormatPeriod(t *testing.T) {
	const day = 24 * time.Hour
	for want, d := range map[string]time.Duration{
		"0 s": 0, "21.4 s": 21400 * time.Millisecond, "-12 ms": -12 * time.Millisecond, "59.999 s": 59999*time.Millisecond + 999,
		"00:01:35": 95 * time.Second, "-00:01:35": -95*time.Second - 400*time.Millisecond, "23:59:59": day - time.Millisecond,
		"3d 04:05:06":     3*day + 4*time.Hour + 5*time.Minute + 6*time.Second,
		"2y 3d 04:05:06":  2*virtual.Year + 3*day + 4*time.Hour + 5*time.Minute + 6*time.Second,
		"1y 0d 00:00:00":  virtual.Year,
		"-1y 0d 00:00:00": -virtual.Year,
	} {
		require.Equal(t, want, FormatPeriod(d))
	}
	require.Equal(t, "+21.4 s", FormatOffset(21400*time.Millisecond))
	for _, d := range []time.Duration{0, 999 * time.Microsecond, -999 * time.Microsecond} {
		require.Equal(t, "on time", FormatOffset(d))
	}
	require.Equal(t, "+1 ms", FormatOffset(time.Millisecond))
	require.Equal(t, "-1 ms", FormatOffset(-time.Millisecond))
	for ms := range time.Duration(60_000) { // 3.929 s is not 3.9290000000000003 s
		require.LessOrEqual(t, len(FormatOffset(ms*time.Millisecond)), len("+59.999 s"))
	}
	require.Equal(t, "-00:01:35", FormatOffset(-95*time.Second))
	require.NotPanics(t, func() { FormatPeriod(math.MinInt64) })
}

// TestSerialNumbersCount: the numbers of the kinds whose serial numbers are digits count
// in decimal, and all others in upper-case hexadecimal.
func TestSerialNumbersCount(t *testing.T) {
	for kind, form := range map[token.SerialKind]string{
		token.SerialVendor13: "9999%09d", token.SerialVendor9: "999%06d", token.SerialOATH: "ZZFB%08X", token.SerialOther: "FOB-%016X",
	} {
		f := emptyFleet(t, virtual.Config{Seed: 7})
		members, err := f.MakeLot(Lot{Count: 300, Ready: true, SerialKind: kind.String()})
		require.NoError(t, err)
		for i, m := range members {
			serial := m.Look().Serial
			require.Equal(t, fmt.Sprintf(form, i+1), serial.String())
			if kind != token.SerialOther {
				require.Equal(t, kind, serial.Kind())
			}
		}
	}
}

func TestOracle(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	members, err := f.MakeLot(Lot{Ready: true, Crystal: CrystalPerfect})
	require.NoError(t, err)
	m := members[0]
	for _, steps := range []int{0, 3, -7} {
		at := f.World().Now().Time().Add(time.Duration(steps) * time.Minute)
		v, err := m.Oracle(reference(t, m, at), 10, 5)
		require.NoError(t, err)
		require.True(t, v.Found)
		require.Equal(t, int64(steps), v.Offset)
		require.Equal(t, steps != -7, v.Fits)
	}
	// A token whose clock is five minutes ahead shows the code of five steps later.
	s, err := m.Do(func(t *virtual.Token) { t.Skew(5 * time.Minute) })
	require.NoError(t, err)
	v, err := m.Oracle(s.Text, 10, 2)
	require.NoError(t, err)
	require.Equal(t, int64(5), v.Offset)
	require.Zero(t, v.Token)
	require.False(t, v.Fits)
	v, err = m.Oracle("not", 10, 2)
	require.NoError(t, err)
	require.False(t, v.Found)
	_, err = m.Oracle("000000", -1, 0)
	require.ErrorIs(t, err, ErrWindow)
	blank, err := f.MakeLot(Lot{})
	require.NoError(t, err)
	_, err = blank[0].Oracle("000000", 1, 1)
	require.ErrorIs(t, err, ErrNoCode)
}

func TestSnapshots(t *testing.T) {
	f := emptyFleet(t, virtual.Config{Seed: 7})
	members, err := f.MakeLot(Lot{Count: 2, Ready: true, Profile: "button-6"})
	require.NoError(t, err)
	m := members[0]
	snap := f.TakeSnapshot("before", m)
	require.Equal(t, 1, snap.Len())
	for range 3 {
		f.World().Advance(time.Minute)
		_, err := m.Do((*virtual.Token).Press)
		require.NoError(t, err)
	}
	require.Equal(t, uint32(3), m.Look().Presses)
	data, err := snap.MarshalBinary()
	require.NoError(t, err)
	_, err = f.Restore(snap)
	require.NoError(t, err)
	require.Zero(t, m.Look().Presses)

	forks, err := f.Fork(snap)
	require.NoError(t, err)
	require.Equal(t, 3, f.Len())
	require.NotEqual(t, m.Token.HardwareID(), forks[0].Token.HardwareID())
	require.Equal(t, reference(t, m, f.World().Now().Time()), reference(t, forks[0], f.World().Now().Time()))

	loaded, err := f.LoadSnapshot("file", data)
	require.NoError(t, err)
	_, err = f.Restore(loaded)
	require.NoError(t, err)
	require.Len(t, f.Snapshots(), 2)
	f.DropSnapshot(loaded)
	_, err = f.Snapshot("file")
	require.ErrorIs(t, err, ErrNotFound)

	other := emptyFleet(t, virtual.Config{Seed: 8})
	_, err = other.LoadSnapshot("x", data)
	require.ErrorContains(t, err, "another world seed")
	for _, bad := range []string{"", "{}", `{"version":2}`, `{"version":1,"world_seed":7,"tokens":[{"data":"e30="}]}`} {
		_, err = f.LoadSnapshot("x", []byte(bad))
		require.ErrorIs(t, err, ErrSnapshot, bad)
	}
	require.NoError(t, f.Remove(m))
	_, err = f.Restore(snap)
	require.ErrorIs(t, err, ErrNotFound)
}
