// SPDX-License-Identifier: Apache-2.0

package fobtest

import (
	"bytes"
	"context"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/virtual"
)

// Token is a token of a test. Its methods end the test if they fail, as World's do, and
// skip it if the hardware lacks the operation.
type Token struct {
	w      *World
	order  host.Order // zero if blank
	member fleet.Member

	// On hardware.
	port  string
	shown int64 // step of the newest code that FreshCode has returned
}

// Serial returns the serial number that the token was given, "" for a blank one.
func (k *Token) Serial() string { return k.order.Serial.String() }

// Seed returns the OTP secret that the token was given, for the server under test.
func (k *Token) Seed() []byte { return k.order.Seed.Bytes() }

// Code returns the code on the display. A token with a button is pressed if necessary.
func (k *Token) Code() string {
	k.w.t.Helper()
	return k.code(fleet.CodeOptions{})
}

// CodeFor is like [Token.Code], for a code whose step lasts at least d longer. If it does
// not, CodeFor advances a manual clock to the next step, and otherwise waits for it.
func (k *Token) CodeFor(d time.Duration) string {
	k.w.t.Helper()
	return k.code(fleet.CodeOptions{MinLeft: d})
}

// FreshCode is like [Token.Code], for a code of a step whose code it has not returned
// before: a server refuses a code that it has accepted already. If necessary, it advances
// a manual clock to the next step, and otherwise waits for it.
func (k *Token) FreshCode() string {
	k.w.t.Helper()
	return k.code(fleet.CodeOptions{Fresh: true})
}

func (k *Token) code(o fleet.CodeOptions) string {
	k.w.t.Helper()
	if k.w.fleet == nil {
		return k.deviceCode(o)
	}
	c, err := k.member.Code(k.w.t.Context(), o)
	if err != nil {
		k.w.t.Fatalf("fobtest: %v", err)
	}
	return c.Text
}

// Display returns the readable text, one character for each position.
func (k *Token) Display() string {
	k.w.t.Helper()
	if k.w.fleet == nil {
		return k.rigDisplay().Text
	}
	return k.member.Look().Text
}

// State returns the stage of the token's life cycle.
func (k *Token) State() serialproto.State {
	k.w.t.Helper()
	if k.w.fleet == nil {
		return k.info().State
	}
	return k.member.Look().State
}

// Look reads everything about the token at one instant.
func (k *Token) Look() fleet.State {
	k.w.t.Helper()
	if k.w.fleet == nil {
		k.w.skip("Look")
	}
	return k.member.Look()
}

// Press clicks the button.
func (k *Token) Press() {
	k.w.t.Helper()
	k.act("Press", (*virtual.Token).Press, func(ctx context.Context, c *host.Client) error { return c.Press(ctx) })
}

// Hold presses the button for d of the world's time. It returns at once.
func (k *Token) Hold(d time.Duration) {
	k.w.t.Helper()
	k.act("Hold", func(t *virtual.Token) { t.Hold(d) }, func(ctx context.Context, c *host.Client) error { return c.Hold(ctx, d) })
}

// Skew moves the token's clock by d, forwards or backwards.
func (k *Token) Skew(d time.Duration) {
	k.w.t.Helper()
	k.act("Skew", func(t *virtual.Token) { t.Skew(d) }, func(ctx context.Context, c *host.Client) error { return c.Skew(ctx, d) })
}

// Temperature changes the temperature around the token.
func (k *Token) Temperature(celsius float64) {
	k.w.t.Helper()
	k.act("Temperature", func(t *virtual.Token) { t.SetTemperature(virtual.Celsius(celsius)) },
		func(ctx context.Context, c *host.Client) error { return c.Temperature(ctx, celsius) })
}

// CutPower makes the supply fail during the n-th flash operation from now.
func (k *Token) CutPower(n uint32) {
	k.w.t.Helper()
	k.act("CutPower", func(t *virtual.Token) { t.CutPower(n) },
		func(ctx context.Context, c *host.Client) error { return c.PowerCut(ctx, int(n)) })
}

// Age makes the token older while the world's clock stands still: it has the clock error,
// the used battery and the expiry date of a token that was made d earlier.
func (k *Token) Age(d time.Duration) {
	k.w.t.Helper()
	k.act("Age", func(t *virtual.Token) { t.Age(d) }, nil)
}

// Do performs any operation on a virtual token. On hardware it skips the test, which then
// names the operation.
func (k *Token) Do(name string, op func(*virtual.Token)) {
	k.w.t.Helper()
	k.act(name, op, nil)
}

// act performs an operation on the virtual or the real token.
func (k *Token) act(name string, onVirtual func(*virtual.Token), onDevice func(context.Context, *host.Client) error) {
	k.w.t.Helper()
	switch {
	case k.w.fleet == nil && onDevice == nil:
		k.w.skip(name)
	case k.w.fleet == nil:
		k.call(name, onDevice)
	default:
		if _, err := k.member.Do(onVirtual); err != nil {
			k.w.t.Fatalf("fobtest: %s: %v", name, err)
		}
	}
}

// Port returns the address of the token's serial port, for package serialproto/port and
// fob device --port. A virtual token gets a pseudo-terminal at the first call.
func (k *Token) Port() string {
	k.w.t.Helper()
	if k.w.fleet == nil {
		return k.port
	}
	for _, p := range k.member.Ports() {
		if addr := p.Addr(); addr != "" {
			return addr
		}
	}
	p, err := k.w.fleet.Attach(k.member, "pty:")
	if err != nil {
		k.w.t.Fatalf("fobtest: opening a port for the token: %v: see fob doctor", err)
	}
	return p.Addr()
}

// Oracle finds the step to which a code belongs, up to a day before and after the world's
// time, and whether a server that accepts window steps each way would find it. On
// hardware, Verdict.State and Verdict.Token are not set.
func (k *Token) Oracle(code string, window int) fleet.Verdict {
	k.w.t.Helper()
	const day = 24 * 60
	if k.w.fleet == nil {
		return k.deviceOracle(code, day, window)
	}
	v, err := k.member.Oracle(code, day, window)
	if err != nil {
		k.w.t.Fatalf("fobtest: %v", err)
	}
	return v
}

// SeedFile returns the tokens in a seed file, for the import into the server under test.
// The format is one of those that fob seeds lists, such as pskc.
func (w *World) SeedFile(format string, tokens ...*Token) []byte {
	w.t.Helper()
	f, err := seedfile.FormatByName(format)
	if err != nil {
		w.t.Fatalf("fobtest: %v", err)
	}
	var b bytes.Buffer
	out, err := f.NewWriter(&b, seedfile.WriteOptions{})
	if err != nil {
		w.t.Fatalf("fobtest: %v", err)
	}
	for _, k := range tokens {
		r := seedfile.Record{
			Serial: k.order.Serial, Type: seedfile.TOTP, Seed: k.order.Seed, Algorithm: k.order.Profile.Algorithm,
			Digits: k.order.Profile.Digits, Step: k.order.Profile.Step, T0: k.order.Profile.T0, Manufacturer: "fob",
			Device: seedfile.Validity{Expiry: seedfile.ExpiryInstant(k.order.Expiry, nil)},
		}
		if err := out.Write(&r); err != nil {
			w.t.Fatalf("fobtest: token %s: %v", k.Serial(), err)
		}
	}
	if err := out.Close(); err != nil {
		w.t.Fatalf("fobtest: %v", err)
	}
	return b.Bytes()
}
