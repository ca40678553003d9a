// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"math"
	"time"

	"github.com/d204ef64/fob/token"
)

// WorldTime is an instant of a world's clock, in nanoseconds since
// 1970-01-01T00:00:00Z without leap seconds. It ends in the year 2262, and the clock of a
// world at [WorldEnd].
type WorldTime int64

// WorldEnd is 2261-12-31T23:59:59Z. The clock of a world stops there, in every mode.
const WorldEnd WorldTime = 9_214_646_399 * 1e9

// Forever is an instant that never comes.
const Forever WorldTime = math.MaxInt64

// WorldTimeOf returns t as a world time.
func WorldTimeOf(t time.Time) WorldTime { return WorldTime(t.UnixNano()) }

// Time returns the instant in UTC.
func (w WorldTime) Time() time.Time { return time.Unix(0, int64(w)).UTC() }

// Milli returns the instant in milliseconds, rounded down.
func (w WorldTime) Milli() token.UnixMilli {
	return token.UnixMilli(floorDiv(int64(w), int64(time.Millisecond)))
}

// Add returns w+d; beyond the end of time it returns [Forever].
func (w WorldTime) Add(d time.Duration) WorldTime {
	if d > 0 && w > Forever-WorldTime(d) {
		return Forever
	}
	return w + WorldTime(d)
}

// PPM is a frequency error in parts per million; positive is fast.
// 1 ppm = 0.0864 s a day = 31.6 s a year.
type PPM float64

// Celsius is a temperature in degrees Celsius.
type Celsius float64

// The range of temperatures and errors that the models support. A rig may ask for more;
// the value is then limited to the end of the range.
const (
	MinTemperature Celsius = -60
	MaxTemperature Celsius = 125

	maxPPM PPM = 25_000 // ensures that the clock always runs forwards
)

// RoomTemperature is the temperature of a part until another one is set.
const RoomTemperature Celsius = 25

// Year is a mean calendar year of 365.25 days.
const Year = 8766 * time.Hour

// Constants of a 32.768 kHz tuning fork, from the tables of electrical characteristics
// in the data sheets of ECS-3X8X (dtsheet.com 630962), ACT 3x8 (2947949) and CTS TF20
// (1397064).
const (
	// TuningForkB is the parabolic coefficient of the tuning fork in ppm/°C², a usual
	// value between those in the data sheets: ECS -0.040 at most, ACT -0.035 ± 0.0086,
	// CTS -0.030 ± 0.010. Parts differ from it by up to tuningForkSpread, ACT's
	// tolerance of 25 %.
	TuningForkB      = -0.034
	tuningForkSpread = 0.25

	// Turnover is the temperature at the top of the parabola: 25 ± 5 °C in all three
	// data sheets.
	Turnover       Celsius = 25
	turnoverSpread Celsius = 5

	// spreadSigmas is how many standard deviations a manufacturer's tolerance
	// represents. This is an assumption: no data sheet gives the distribution.
	spreadSigmas = 2.5

	// firstYear is the maximum ageing in the first year, in either direction, in ppm:
	// ±3 for ECS and CTS, ±5 for ACT.
	firstYear = 3

	// ageingTau is τ of the ageing law A·ln(1+t/τ) of MIL-PRF-55310. According to
	// manufacturers, most of the first year's ageing is over after 60 days. With 10
	// days, 54 % is over by then, and ten years give 1.6 times the ageing of the first
	// year.
	ageingTau = 10 * 24 * time.Hour
)

// Crystal is the real-time clock and its 32.768 kHz oscillator. Its frequency error is
//
//	Trim + B·(T-T0)² + ageing(t) + Shocks
//
// The temperature is constant between two calls that set it. The clock at any instant
// is therefore one formula, evaluated from the last such call (the anchor): ten years
// cost a logarithm and not a loop. An instant before the anchor counts as the anchor.
// One count of the oscillator is 30.5 µs. The millisecond clock cannot show it, so it
// is not modelled.
//
// All state is in the exported fields, which allows snapshots; change it only by
// calling methods. The zero value is not useful: see [NewCrystal].
type Crystal struct {
	Anchor WorldTime `json:"anchor"`
	Ticks  int64     `json:"ticks"` // free-running count at Anchor, in ns
	Frac   float32   `json:"frac"`  // remainder of Ticks, -0.5 to 0.5 ns
	Valid  bool      `json:"valid"` // the clock has been set

	SetTicks int64           `json:"setTicks"` // Ticks when the clock showed SetTime
	SetTime  token.UnixMilli `json:"setTime"`

	Lived   time.Duration `json:"age"` // age of the quartz at Anchor
	Temp    Celsius       `json:"temp"`
	Trim    PPM           `json:"trim"`     // error at T0 when new, after the factory's trim
	B       float64       `json:"b"`        // parabolic coefficient in ppm/°C², negative
	T0      Celsius       `json:"t0"`       // turnover temperature
	YearOne PPM           `json:"yearOne"`  // ageing in the first year, typically ±3
	Shocks  PPM           `json:"shockSum"` // sum of all shocks, each typically ±5 at most
}

// NewCrystal returns an oscillator that starts to run at w. Its clock is not set, it
// does not age, and it has the constants of a typical tuning fork.
func NewCrystal(w WorldTime, trim PPM) Crystal {
	c := Crystal{Anchor: w, Temp: RoomTemperature, B: TuningForkB, T0: Turnover}
	c.SetTrim(w, trim)
	return c
}

// Error returns the frequency error at w.
func (c *Crystal) Error(w WorldTime) PPM {
	age := float64(c.Lived) + float64(c.since(w))
	return c.constant() + PPM(mul(float64(clampPPM(c.YearOne)), ageing(age)))
}

// Local returns how many nanoseconds the oscillator has counted up to w. It never runs
// backwards, and Set, Skew, Lose and Age do not change it.
func (c *Crystal) Local(w WorldTime) int64 {
	d := c.since(w)
	return saturate(c.Ticks, saturate(d, int64(math.RoundToEven(c.drift(d)+float64(c.Frac)))))
}

// Now returns the time that the clock shows at w, and whether it has been set since it
// last lost power. A clock that has not been set counts up from zero.
func (c *Crystal) Now(w WorldTime) (t token.UnixMilli, valid bool) {
	ms := floorDiv(c.Local(w)-c.SetTicks, int64(time.Millisecond))
	return token.UnixMilli(saturate(int64(c.SetTime), ms)), c.Valid
}

// World is the inverse of [Crystal.Local]: it returns the first world time, not before
// the anchor, at which Local is at least ticks. It returns [Forever] if that is beyond
// the end of time.
func (c *Crystal) World(ticks int64) WorldTime {
	if ticks <= c.Ticks {
		return c.Anchor
	}
	left := float64(ticks) - float64(c.Ticks)
	if left > 0.9*(float64(Forever)-math.Max(0, float64(c.Anchor))) {
		return Forever
	}
	w := c.Anchor + WorldTime(ticks-c.Ticks)
	// Each iteration leaves only the drift over the previous correction.
	for range 64 {
		miss := ticks - c.Local(w)
		if miss == 0 {
			break
		}
		w = max(c.Anchor, w+WorldTime(miss))
	}
	for c.Local(w) < ticks {
		w++
	}
	for w > c.Anchor && c.Local(w-1) >= ticks {
		w--
	}
	return w
}

// When returns the first world time, not before the anchor, at which the clock shows t
// or later, if nothing changes until then.
func (c *Crystal) When(t token.UnixMilli) WorldTime {
	ms := float64(t) - float64(c.SetTime)
	if ms > math.MaxInt64/1e6/2 {
		return Forever
	}
	if ms < -math.MaxInt64/1e6/2 {
		return c.Anchor
	}
	return c.World(saturate(c.SetTicks, int64(t-c.SetTime)*int64(time.Millisecond)))
}

// Set sets the clock to t at w. The clock is valid from then on.
func (c *Crystal) Set(w WorldTime, t token.UnixMilli) {
	c.SetTicks, c.SetTime, c.Valid = c.Local(w), t, true
}

// Lose makes the clock lose its time at w, as when its supply fails.
func (c *Crystal) Lose(w WorldTime) {
	c.SetTicks, c.SetTime, c.Valid = c.Local(w), 0, false
}

// Skew moves the clock by ms milliseconds, forwards or backwards.
func (c *Crystal) Skew(ms int64) {
	c.SetTime = token.UnixMilli(saturate(int64(c.SetTime), ms))
}

// SetTemperature sets the crystal's temperature to t from w on.
func (c *Crystal) SetTemperature(w WorldTime, t Celsius) {
	if t = clampCelsius(t); t != c.Temp {
		c.advance(w)
		c.Temp = t
	}
}

// SetTrim sets the error at the turnover temperature, without ageing and shocks, to
// trim from w on.
func (c *Crystal) SetTrim(w WorldTime, trim PPM) {
	c.advance(w)
	c.Trim = clampPPM(trim)
}

// Shock shifts the frequency permanently by step at w, as a fall does. Data sheets
// allow ±5 ppm for three drops from 75 cm.
func (c *Crystal) Shock(w WorldTime, step PPM) {
	c.advance(w)
	c.Shocks = clampPPM(c.Shocks + step)
}

// Age ages the crystal by d at temperature t while the world's clock stays at w. If the
// clock has been set, it moves by the error that would have accumulated in d.
// Afterwards the quartz is older by d. A negative d counts as zero.
func (c *Crystal) Age(w WorldTime, d time.Duration, t Celsius) {
	c.advance(w)
	d = max(d, 0)
	if c.Valid {
		temp := c.Temp
		c.Temp = clampCelsius(t)
		c.SetTicks = saturate(c.SetTicks, -int64(math.RoundToEven(c.drift(int64(d)))))
		c.Temp = temp
	}
	c.Lived = time.Duration(saturate(int64(c.Lived), int64(d)))
}

// advance moves the anchor to w.
func (c *Crystal) advance(w WorldTime) {
	d := c.since(w)
	err := c.drift(d) + float64(c.Frac)
	whole := math.RoundToEven(err)
	c.Ticks = saturate(c.Ticks, saturate(d, int64(whole)))
	c.Frac = float32(err - whole)
	c.Lived = time.Duration(saturate(int64(c.Lived), d))
	c.Anchor = c.Anchor.Add(time.Duration(d))
}

// since returns the nanoseconds from the anchor to w, at least 0.
func (c *Crystal) since(w WorldTime) int64 {
	if w <= c.Anchor {
		return 0
	}
	if d := int64(w - c.Anchor); d > 0 {
		return d
	}
	return math.MaxInt64
}

// constant is the part of the error that does not change with age.
func (c *Crystal) constant() PPM {
	dt := float64(c.Temp - c.T0)
	return clampPPM(c.Trim + PPM(mul(c.B*dt, dt)) + c.Shocks)
}

// drift returns how many nanoseconds the oscillator is ahead after running for
// d nanoseconds from the anchor.
func (c *Crystal) drift(d int64) float64 {
	err := mul(float64(c.constant()), float64(d))
	if c.YearOne != 0 {
		age := float64(c.Lived)
		err += mul(float64(clampPPM(c.YearOne)), ageingIntegral(age+float64(d))-ageingIntegral(age))
	}
	return mul(err, 1e-6)
}

// ageing returns the fraction of the first year's ageing that is over at the given age
// in ns: 0 when new, 1 after a [Year].
func ageing(age float64) float64 {
	return log1p(age/float64(ageingTau)) / ageingYear
}

// ageingIntegral returns the integral of ageing from 0 to age, in ns.
func ageingIntegral(age float64) float64 {
	const tau = float64(ageingTau)
	return (mul(tau+age, log1p(age/tau)) - age) / ageingYear
}

var ageingYear = log1p(float64(Year) / float64(ageingTau))

func clampPPM(p PPM) PPM {
	if p != p {
		return 0
	}
	return min(max(p, -maxPPM), maxPPM)
}

func clampCelsius(t Celsius) Celsius {
	if t != t {
		return RoomTemperature
	}
	return min(max(t, MinTemperature), MaxTemperature)
}

// saturate returns a+b, limited to the range of an int64.
func saturate(a, b int64) int64 {
	s := a + b
	switch {
	case b > 0 && s < a:
		return math.MaxInt64
	case b < 0 && s > a:
		return math.MinInt64
	}
	return s
}

// floorDiv returns n/d rounded down, for a positive d.
func floorDiv(n, d int64) int64 {
	q := n / d
	if n%d < 0 {
		q--
	}
	return q
}
