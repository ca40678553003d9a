// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// Token is a running token: the firmware on modelled hardware. It is safe for
// concurrent use.
//
// A Token does nothing between calls. Each method first simulates, in order, the events
// since the previous call.
type Token struct {
	world  *World
	model  *Model
	origin origin

	mu      sync.Mutex // guards the fields below
	core    firmware.Core
	crystal Crystal
	battery Battery
	lcd     LCD
	flash   *Flash // nil: see rest
	conn    *Conn  // the connection that the firmware is serving

	aged   time.Duration // see backdateLocked
	agedTo token.Expiry

	at       WorldTime // the time up to which the token's life has been simulated
	wake     WorldTime // when the firmware must run again
	upAt     WorldTime // when the button comes up; 0: it is up
	rest     resting   // the flash, if flash is nil
	changes  uint32    // see Changes
	drops    uint32    // number of falls so far
	restarts uint32    // by which a Conn detects that its received bytes are lost
	tag      uint32    // see Observe
	framing  *framing  // of all its lines; nil: all counters are 0
	clicked  bool      // a click that the firmware has not handled yet
	powered  bool
	cutoff   bool // the supply fails at the end of this step
	watches  uint32
}

// Option is an option of [World.NewToken].
type Option func(*Token)

// Perfect gives the token a crystal without any error.
func Perfect() Option {
	return func(t *Token) { t.crystal = NewCrystal(t.at, 0) }
}

// Trim sets the error of the token's crystal, when new and at 25 °C, to ppm instead of
// a random value. Ageing and turnover stay random; after [Perfect] the crystal does not
// age and its turnover is 25 °C.
func Trim(ppm PPM) Option {
	return func(t *Token) { t.setTrimLocked(ppm) }
}

// CrystalFrom draws the token's crystal with a ChaCha8 generator that has this seed,
// instead of one that depends on the world's seed.
func CrystalFrom(seed [32]byte) Option {
	return func(t *Token) { t.drawCrystal(rand.New(rand.NewChaCha8(seed))) }
}

// NewToken makes a blank token, fresh from the factory.
func (w *World) NewToken(m *Model, opts ...Option) *Token {
	t := new(Token)
	t.make(w, w.next(), m, opts)
	return t
}

// make makes t a blank token.
func (t *Token) make(w *World, o origin, m *Model, opts []Option) {
	*t = Token{
		world: w, model: m, origin: o,
		at: w.Now(), powered: true,
		lcd: NewLCD(m.Digits),
	}
	if m.FlashPages != restPages || m.FlashPageSize != flashPage512 {
		t.flash = NewFlash(m.FlashPages, m.FlashPageSize, m.Endurance)
	}
	t.battery = NewBattery(t.at, m.Battery)
	t.origin.withRand("crystal", t.drawCrystal)
	for _, o := range opts {
		o(t)
	}
	t.bootLocked()
}

// drawCrystal gives the token a random crystal. The trim follows the model's lot, and
// the other values have the spread of the data sheets.
func (t *Token) drawCrystal(r *rand.Rand) {
	trim := PPM(r.NormFloat64()) * t.model.TrimSigma
	t.crystal = NewCrystal(t.at, 0)
	t.crystal.T0 += Celsius(mul(float64(turnoverSpread), max(-1, min(1, r.NormFloat64()/spreadSigmas))))
	t.crystal.YearOne = firstYear * PPM(mul(float64(r.Float64()), 2)-1)
	t.crystal.B *= 1 + mul(tuningForkSpread, max(-1, min(1, r.NormFloat64()/spreadSigmas)))
	t.setTrimLocked(max(-t.model.TrimMax, min(t.model.TrimMax, trim)))
}

// Format writes "[token HARDWAREID]" for every verb and flag, because a token holds its
// seed.
func (t *Token) Format(f fmt.State, _ rune) {
	id := t.HardwareID()
	fmt.Fprintf(f, "[token %s]", hex.EncodeToString(id[:]))
}

// Model returns the hardware model.
func (t *Token) Model() *Model {
	t.lock()
	defer t.unlock()
	return t.model
}

// HardwareID returns the factory's number of the hardware.
func (t *Token) HardwareID() [8]byte {
	t.lock()
	defer t.unlock()
	return t.origin.hardwareID()
}

// Index returns the number of the token in its world, 1 for the first that was made.
func (t *Token) Index() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.origin.Index
}

// Program has the effect of provisioning over the wire, and locks the token if lock is
// true. It models the programming pads of a real token, and programs a fleet of virtual
// tokens quickly. The clock is set to p.Clock. The error is a serialproto.Err; without
// power it is serialproto.ErrDead.
func (t *Token) Program(serial token.Serial, p *serialproto.Payload, lock bool) error {
	t.lock()
	defer t.unlock()
	t.catchUpLocked()
	if !t.powered {
		return serialproto.ErrDead
	}
	before := t.witnessLocked()
	h := t.borrowLocked()
	err := t.core.Program(&h.hw, serial, p, lock)
	t.returnLocked(h)
	t.settleLocked()
	t.runLocked() // makes the token wake up for its expiry
	t.compareLocked(before)
	return err
}

// State returns the stage of the token's life cycle; without power it is DEAD.
func (t *Token) State() serialproto.State {
	t.lock()
	defer t.unlock()
	t.catchUpLocked()
	return t.stateLocked()
}

func (t *Token) stateLocked() serialproto.State {
	if !t.powered {
		return serialproto.StateDead
	}
	return t.core.State()
}

// Crystal returns a copy of the token's crystal. It shows the token's clock at any time
// from now on, as long as nothing happens to the token.
func (t *Token) Crystal() Crystal {
	t.lock()
	defer t.unlock()
	t.catchUpLocked()
	return t.crystal
}

// BackLabel returns the data printed on the back label.
func (t *Token) BackLabel() (token.Serial, token.Expiry) {
	t.lock()
	defer t.unlock()
	t.catchUpLocked()
	return t.core.Serial(), t.core.Expiry()
}

// Profile returns the token's profile, which is the zero value before provisioning.
func (t *Token) Profile() token.Profile {
	t.lock()
	defer t.unlock()
	t.catchUpLocked()
	return t.core.Profile()
}

// Secrets returns the data of the token for a validation server: its seed and
// its profile. It exists for the export of test tokens. Before provisioning and after
// the seed was erased, the seed is empty.
func (t *Token) Secrets() (token.Seed, token.Profile) {
	t.lock()
	defer t.unlock()
	t.catchUpLocked()
	key := t.core.Key()
	defer clear(key)
	seed, err := token.NewSeed(key)
	if err != nil { // there is no key
		return token.Seed{}, t.core.Profile()
	}
	return seed, t.core.Profile()
}

// Press clicks the button.
func (t *Token) Press() {
	t.do(EventPress, 0, func() { t.clicked = true })
}

// Hold presses the button for d of world time. It returns at once; the button comes up
// when the world's clock has advanced by d.
func (t *Token) Hold(d time.Duration) {
	t.do(EventHold, int64(d), func() { t.upAt = t.at.Add(max(d, 1)) })
}

// Skew moves the token's clock by d, forwards or backwards, at once.
func (t *Token) Skew(d time.Duration) {
	t.do(EventSkew, d.Milliseconds(), func() { t.crystal.Skew(d.Milliseconds()) })
}

// SetTemperature changes the ambient temperature from now on.
func (t *Token) SetTemperature(c Celsius) {
	t.do(EventTemperature, int64(c*1000), func() {
		t.runLocked() // before the LCD slows down, the display catches up
		t.setTemperatureLocked(c)
	})
}

func (t *Token) setTemperatureLocked(c Celsius) {
	t.lcd.Settle(t.at, t.crystal.Temp)
	t.crystal.SetTemperature(t.at, c)
	t.battery.SetTemperature(t.at, c)
}

// SetTrim changes the crystal's error at 25 °C, without ageing and falls, from now on.
func (t *Token) SetTrim(ppm PPM) {
	t.do(EventCrystal, int64(ppm*1000), func() { t.setTrimLocked(ppm) })
}

// setTrimLocked compensates for a turnover that is not at 25 °C.
func (t *Token) setTrimLocked(ppm PPM) {
	off := float64(RoomTemperature - t.crystal.T0)
	t.crystal.SetTrim(t.at, ppm-PPM(t.crystal.B*off*off))
}

// Drop lets the token fall on the floor. Its crystal's frequency shifts permanently by
// up to 5 ppm (the data sheets' figure for three falls from 75 cm).
func (t *Token) Drop() {
	t.do(EventDrop, 0, func() {
		t.drops++
		r := t.origin.rand("drop " + string(rune(t.drops)))
		t.crystal.Shock(t.at, PPM(mul(r.Float64(), 10)-5))
	})
}

// RemoveBattery takes the battery out: the clock is lost and the display goes dark.
func (t *Token) RemoveBattery() {
	t.do(EventBattery, 0, func() {
		t.battery.Remove(t.at)
		t.powerOffLocked()
	})
}

// InsertBattery puts the same battery back. If it is in already, nothing happens.
func (t *Token) InsertBattery() {
	t.do(EventBattery, 0, func() {
		if t.battery.Removed {
			t.battery.Insert(t.at)
			t.powerOnLocked()
		}
	})
}

// ReplaceBattery inserts a fresh battery. The clock is lost, because the supply is
// interrupted for a moment.
func (t *Token) ReplaceBattery() {
	t.do(EventBattery, 0, func() {
		if t.powered {
			t.powerOffLocked()
		}
		t.battery.Replace(t.at)
		t.powerOnLocked()
	})
}

// Break adds dead and ghost segments to the display. If both are empty, it repairs the
// display.
func (t *Token) Break(dead, ghost Segments) {
	t.do(EventArmed, 0, func() {
		if dead == (Segments{}) && ghost == (Segments{}) {
			t.lcd.Mend()
			return
		}
		t.lcd.Break(dead, ghost)
	})
}

// Mend repairs the display and disarms the faults of the flash.
func (t *Token) Mend() { t.SetFaults(TokenFaults{}) }

// CutPower makes the supply fail during the n-th flash operation from now (1 = the
// next). The token then restarts at once and keeps its clock.
func (t *Token) CutPower(n uint32) {
	t.do(EventArmed, 0, func() { t.armCutLocked(n) })
}

// FailFlash makes the next flash operation fail.
func (t *Token) FailFlash() {
	t.do(EventArmed, 0, t.failFlashLocked)
}

func (t *Token) failFlashLocked() {
	t.withFlashLocked(func(f *Flash) { f.FailNext(t.origin.rand("fail").Uint64()) })
}

func (t *Token) armCutLocked(n uint32) {
	t.withFlashLocked(func(f *Flash) { f.CutAt(n, t.origin.rand("cut").Uint64()+uint64(n)) })
}

// Changes returns a number that changes whenever something happens to the token that
// the passing of time does not explain: its flash is written, its clock is set, or its
// hardware is changed.
func (t *Token) Changes() uint64 {
	t.lock()
	defer t.unlock()
	t.catchUpLocked()
	return uint64(t.changes) + t.flashOpsLocked()
}

// FlashOps returns how many flash operations the token has done.
func (t *Token) FlashOps() uint64 {
	t.lock()
	defer t.unlock()
	return t.flashOpsLocked()
}

// lock begins an operation on the token.
func (t *Token) lock() {
	t.world.gate.RLock()
	t.mu.Lock()
}

func (t *Token) unlock() {
	t.mu.Unlock()
	t.world.gate.RUnlock()
}

// do reports an event, changes the hardware at the world's present time and runs the
// firmware.
func (t *Token) do(kind EventKind, value int64, change func()) {
	t.lock()
	defer t.unlock()
	t.catchUpLocked()
	t.emitLocked(kind, value)
	before := t.witnessLocked()
	change()
	if kind == EventArmed {
		before.armed = t.flashArmedLocked() // a fault that was disarmed has not struck
	}
	t.changes++
	t.runLocked()
	t.compareLocked(before)
}
