// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	mathrand "math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// ErrLot is the error of a lot that no factory could make.
var ErrLot = errclass.New(errclass.Usage, "invalid lot")

// Crystals are the kinds of crystal of a lot, with the distribution of their error at
// 25 °C when new.
const (
	CrystalModel     = "model"     // the distribution of the token's model
	CrystalPerfect   = "perfect"   // no error at any temperature and age
	CrystalGood      = "good"      // σ 2.5 ppm, at most 12: "good" lots by reports from the field
	CrystalC200      = "c200"      // uniform within ±2.85 ppm: Feitian's ±90 s a year
	CrystalUntrimmed = "untrimmed" // uniform within ±20 ppm: the data sheets' tolerance
)

// Lot describes tokens that are made together. Everything random about them comes from
// the world's seed, or from the fleet key: see [Keyed]. The zero value of a field is its default.
type Lot struct {
	Name    string   `json:"name,omitempty" yaml:"name" doc:"name of the lot, by which its tokens can be listed; its number by default" pattern:"^[A-Za-z][A-Za-z0-9._-]{0,59}$"`
	Count   LotCount `json:"count,omitempty" yaml:"count" doc:"number of tokens; 1 by default" minimum:"1" min:"1"`
	Profile string   `json:"profile,omitempty" yaml:"profile" doc:"hardware and profile, one of the names for fob run --profile; the first by default" values:"@profiles"`
	Crystal string   `json:"crystal,omitempty" yaml:"crystal" doc:"model, perfect, good, c200 or untrimmed: the distribution of the crystals' errors; model by default" values:"model,perfect,good,c200,untrimmed"`
	PPM     *float64 `json:"ppm,omitempty" yaml:"ppm" doc:"error of each crystal at 25 °C in parts per million, instead of a random one"`

	// Ready makes provisioned and locked tokens with serial numbers for tests, seeds of
	// 20 bytes and an expiry date. Otherwise the tokens are blank.
	Ready      bool   `json:"ready,omitempty" yaml:"ready" doc:"make provisioned and locked test tokens; otherwise they are blank"`
	SerialKind string `json:"serial_kind,omitempty" yaml:"serial_kind" doc:"kind of the serial numbers of ready tokens; oath by default" values:"@serials"` // see token.SerialKind
	Expiry     string `json:"expiry,omitempty" yaml:"expiry" doc:"expiry date YYYY-MM-DD, or the first of a range; by default five years after the world's date"`
	ExpiryTo   string `json:"expiry_to,omitempty" yaml:"expiry_to" doc:"the last expiry date of a range"`

	Age     string   `json:"age,omitempty" yaml:"age" doc:"how old the tokens are, such as P2Y6M; or the least of a range"`
	AgeTo   string   `json:"age_to,omitempty" yaml:"age_to" doc:"the greatest age of a range"`
	AgeTemp *float64 `json:"age_temp,omitempty" yaml:"age_temp" doc:"temperature in °C at which they became old; 25 by default" min:"-60" max:"125"`
	Temp    *float64 `json:"temp,omitempty" yaml:"temp" doc:"present temperature in °C; 25 by default" min:"-60" max:"125"`
}

// LotCount is the number of tokens of a lot. The zero value is its default, 1. A file
// cannot give 0.
type LotCount int

// UnmarshalYAML implements [yaml.Unmarshaler].
func (c *LotCount) UnmarshalYAML(node *yaml.Node) error {
	var n int
	if err := node.Decode(&n); err != nil {
		return err
	}
	if n < 1 {
		return fmt.Errorf("%d, want 1 to %d", n, MaxCount)
	}
	*c = LotCount(n)
	return nil
}

// Tokens returns the number of tokens of the lot.
func (l Lot) Tokens() int { return max(int(l.Count), 1) }

// MakeLot makes the tokens of a lot and adds them to the fleet: all of them, or none.
// The error wraps [ErrLot] or [ErrCount].
func (f *Fleet) MakeLot(l Lot) ([]Member, error) {
	tokens, err := f.tokensOf(l)
	if err != nil {
		return nil, err
	}
	return f.addNew(newLot{name: l.Name, tokens: tokens})
}

// tokensOf makes the tokens of a lot, which are not in the fleet yet.
func (f *Fleet) tokensOf(l Lot) ([]*virtual.Token, error) {
	p, err := l.plan(f.world.Now().Time())
	if err != nil {
		return nil, err
	}
	p.keyed = f.keyed
	if n := f.Len() + p.count; n > MaxCount {
		return nil, fmt.Errorf("%w: %d, want at most %d", ErrCount, n, MaxCount)
	}
	return f.makeAll(p.count, func(r virtual.Reserved, i int) (*virtual.Token, error) {
		return p.make(f.world, r, i)
	})
}

// makeAll makes n tokens on all processors. They do not depend on the number of
// processors.
func (f *Fleet) makeAll(n int, one func(virtual.Reserved, int) (*virtual.Token, error)) ([]*virtual.Token, error) {
	tokens, reserved := make([]*virtual.Token, n), f.world.Reserve(n)
	errs := make([]error, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for w := range errs {
		wait.Go(func() {
			for i := w; i < n && errs[w] == nil; i += len(errs) {
				tokens[i], errs[w] = one(reserved, i)
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// MaxPPM is the largest error of a crystal that a lot can ask for: more than any that runs.
const MaxPPM = 25_000.0

// lotPlan is a lot that has been checked.
type lotPlan struct {
	Lot
	keyed             Keyed
	count             int
	model             *virtual.Model
	kind              token.SerialKind
	from, to          token.Expiry
	leastAge, mostAge time.Duration
	ageTemp, temp     virtual.Celsius
}

// Check returns an error if no fleet can make the lot. It has the text of the error from
// [Fleet.MakeLot], and wraps [ErrLot] or [ErrCount]. The world's time is not before now.
func (l Lot) Check(now time.Time) error {
	p, err := l.plan(now)
	if err == nil && p.count > MaxCount {
		err = fmt.Errorf("%w: %d, want at most %d", ErrCount, p.count, MaxCount)
	}
	return err
}

// plan checks a lot, which is made at a time of the world.
func (l Lot) plan(now time.Time) (p lotPlan, err error) {
	p.Lot, p.count = l, l.Tokens()
	if err := checkLotName(l.Name); err != nil {
		return p, err
	}
	if l.Count < 0 {
		return p, fmt.Errorf("%w: count %d is negative", ErrLot, l.Count)
	}
	if err := l.checkFields(); err != nil {
		return p, err
	}
	if l.Profile == "" {
		l.Profile = token.Profiles()[0].Name
	}
	if p.model, err = virtual.ModelByName(l.Profile); err != nil {
		return p, fmt.Errorf("%w: profile: %w", ErrLot, err)
	}
	if l.Crystal != "" {
		if err := checkName("crystal", l.Crystal, Crystals()); err != nil {
			return p, fmt.Errorf("%w: %w", ErrLot, err)
		}
	}
	if l.PPM != nil && !(*l.PPM >= -MaxPPM && *l.PPM <= MaxPPM) {
		return p, fmt.Errorf("%w: ppm %s, want %v to %v", ErrLot, FormatNumber(*l.PPM), -MaxPPM, MaxPPM)
	}
	if p.kind, err = serialKind(l.SerialKind); err != nil {
		return p, err
	}
	if p.from, p.to, err = l.expiries(now); err != nil {
		return p, err
	}
	if p.leastAge, p.mostAge, err = ages(l); err != nil {
		return p, err
	}
	p.ageTemp, p.temp = temperature(l.AgeTemp), temperature(l.Temp)
	for _, c := range []virtual.Celsius{p.ageTemp, p.temp} {
		if !(c >= virtual.MinTemperature && c <= virtual.MaxTemperature) {
			return p, fmt.Errorf("%w: %s °C, want %v to %v", ErrLot, FormatNumber(float64(c)), virtual.MinTemperature, virtual.MaxTemperature)
		}
	}
	return p, nil
}

func temperature(c *float64) virtual.Celsius {
	if c == nil {
		return virtual.RoomTemperature
	}
	return virtual.Celsius(*c)
}

// checkFields returns an error if a field has no effect because of another.
func (l Lot) checkFields() error {
	has := func(field string, set bool, needs string) error {
		if set {
			return fmt.Errorf("%w: %s has no effect: it needs %s", ErrLot, field, needs)
		}
		return nil
	}
	return cmp.Or(
		has("serial_kind", l.SerialKind != "" && !l.Ready, "ready"),
		has("expiry", l.Expiry != "" && !l.Ready, "ready"),
		has("expiry_to", l.ExpiryTo != "" && !l.Ready, "ready"),
		has("age_temp", l.AgeTemp != nil && l.Age == "" && l.AgeTo == "", "age or age_to"),
		has("ppm", l.PPM != nil && slices.Contains([]string{CrystalGood, CrystalC200, CrystalUntrimmed}, l.Crystal),
			"the crystal "+CrystalModel+" or "+CrystalPerfect+", because "+l.Crystal+" draws its own error"),
	)
}

func serialKind(name string) (token.SerialKind, error) {
	if name == "" {
		return token.SerialOATH, nil
	}
	kinds := []token.SerialKind{token.SerialOATH, token.SerialVendor13, token.SerialVendor9, token.SerialOther}
	for _, k := range kinds {
		if k.String() == name {
			return k, nil
		}
	}
	return 0, fmt.Errorf("%w: %w", ErrLot, unknownName("serial_kind", name, namesOf(kinds)))
}

// expiries returns the first and the last expiry date of a lot that is made at a time.
func (l Lot) expiries(now time.Time) (from, to token.Expiry, err error) {
	const life = 5 * 12 // months
	if l.Expiry == "" {
		today, err := token.ExpiryOf(now.In(token.Tokyo()))
		if err != nil {
			return from, to, fmt.Errorf("%w: expiry: %w", ErrLot, err)
		}
		from = today.AddMonths(life)
	} else if from, err = token.ParseExpiry(l.Expiry); err != nil {
		return from, to, fmt.Errorf("%w: expiry: %w", ErrLot, err)
	}
	to = from
	if l.ExpiryTo != "" {
		if to, err = token.ParseExpiry(l.ExpiryTo); err != nil {
			return from, to, fmt.Errorf("%w: expiry_to: %w", ErrLot, err)
		}
	}
	if to.Days() < from.Days() {
		return from, to, fmt.Errorf("%w: expiry_to %s is before expiry %s", ErrLot, to, from)
	}
	return from, to, nil
}

// ages returns the least and the greatest age of a lot.
func ages(l Lot) (least, most time.Duration, err error) {
	if l.Age != "" {
		if least, err = ParsePeriod(l.Age); err != nil {
			return 0, 0, fmt.Errorf("%w: age: %w", ErrLot, err)
		}
	}
	most = least
	if l.AgeTo != "" {
		if most, err = ParsePeriod(l.AgeTo); err != nil {
			return 0, 0, fmt.Errorf("%w: age_to: %w", ErrLot, err)
		}
	}
	switch {
	case least < 0:
		return 0, 0, fmt.Errorf("%w: age %s is less than 0", ErrLot, l.Age)
	case most < least:
		return 0, 0, fmt.Errorf("%w: age_to %s is less than age %s", ErrLot, l.AgeTo, cmp.Or(l.Age, "0 s"))
	}
	return least, most, nil
}

// make makes one token of the lot.
func (p *lotPlan) make(w *virtual.World, reserved virtual.Reserved, i int) (*virtual.Token, error) {
	var options []virtual.Option
	if p.Crystal == CrystalPerfect {
		options = append(options, virtual.Perfect())
	}
	t := p.keyed.newToken(reserved, i, p.model, options...)
	r := p.keyed.chance(w, t)
	switch uniform := float64(float64(r.Float64())*2) - 1; {
	case p.PPM != nil:
		t.SetTrim(virtual.PPM(*p.PPM))
	case p.Crystal == CrystalGood:
		t.SetTrim(virtual.PPM(max(-12, min(12, r.NormFloat64()*2.5))))
	case p.Crystal == CrystalC200:
		t.SetTrim(virtual.PPM(uniform * 2.85))
	case p.Crystal == CrystalUntrimmed:
		t.SetTrim(virtual.PPM(uniform * 20))
	}
	age := p.leastAge + time.Duration(r.Float64()*float64(p.mostAge-p.leastAge))
	days := p.from.Days() + int32(r.Int64N(int64(p.to.Days()-p.from.Days())+1))
	if p.Ready {
		if err := p.provision(w, t, days); err != nil {
			return nil, err
		}
	}
	if age > 0 {
		t.AgeAt(age, p.ageTemp)
	}
	if p.temp != virtual.RoomTemperature {
		t.SetTemperature(p.temp)
	}
	return t, nil
}

// provision programs and locks a token. Its serial number and seed come from the fleet
// key, if there is one, or from the world's seed.
func (p *lotPlan) provision(w *virtual.World, t *virtual.Token, days int32) error {
	serial, err := token.TestSerial(p.kind, p.keyed.number(t))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLot, err)
	}
	expiry, err := token.ExpiryFromDays(days)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLot, err)
	}
	seed, err := p.keyed.seed(w, t)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLot, err)
	}
	defer clear(seed)
	payload := serialproto.Payload{
		Seed: seed, Profile: p.model.Profile(), Expiry: expiry,
		Ends: token.UnixSeconds(expiry.Ends(nil).Unix()), Clock: w.Now().Milli(),
	}
	if err := t.Program(serial, &payload, true); err != nil {
		return fmt.Errorf("%w: %w", ErrLot, err)
	}
	return nil
}

// chance returns a random source that depends only on the world's seed, the token and
// the purpose.
func chance(w *virtual.World, t *virtual.Token, purpose string) *mathrand.Rand {
	b := binary.LittleEndian.AppendUint64(nil, w.Seed())
	id := t.HardwareID()
	return mathrand.New(mathrand.NewChaCha8(sha256.Sum256(append(append(b, id[:]...), purpose...))))
}
