// SPDX-License-Identifier: Apache-2.0

// Package demo shows the main purpose of this project in one short program. It
// provisions and locks virtual tokens of different profiles over real serial ports, and
// compares the codes on their displays with those of an independent implementation.
package demo

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// ErrDisagree is the error of a display that shows a different code than pquerna/otp
// computes.
var ErrDisagree = errclass.New(errclass.Mismatch, "a display does not show the reference code")

// Demo is a small fleet with one token of each profile. Call Serve, then Provision, and
// then Look on each token as often as wanted. OpenBank and OpenWall serve pages.
type Demo struct {
	Tokens []*Token
	world  *virtual.World
	fleet  *fleet.Fleet
}

// Token is one of the demo's tokens, used through its serial port.
type Token struct {
	Profile token.Profile
	Serial  token.Serial
	Expiry  token.Expiry
	Port    string // path of the terminal

	member fleet.Member
	conn   port.Port
	client *host.Client
	seed   token.Seed
}

// Look is the result of one reading of a token.
type Look struct {
	Shown string // the code on the display; "" if it is dark
	Want  string // the code that pquerna/otp computes for the token's time
	Left  time.Duration
	View  virtual.View
	Agree bool
}

// lifetime is the period of validity of a token made today, in months.
const lifetime = 5 * 12

// New creates one token of each profile, in a world with the machine's clock. Serve
// must run before Provision is called.
func New() (*Demo, error) {
	station := host.InsecureTestStationKey()
	world, err := virtual.NewWorld(virtual.Config{Mode: virtual.Real, StationKey: station.Public()})
	if err != nil {
		return nil, err
	}
	f, err := fleet.New(world, fleet.Config{})
	if err != nil {
		return nil, err
	}
	d := &Demo{world: world, fleet: f}
	for _, p := range token.Profiles() {
		t, err := d.add(world, p)
		if err != nil {
			d.Close()
			return nil, err
		}
		d.Tokens = append(d.Tokens, t)
	}
	return d, nil
}

// add creates a token with a terminal.
func (d *Demo) add(world *virtual.World, p token.Profile) (*Token, error) {
	model, err := virtual.ModelByName(p.Name)
	if err != nil {
		return nil, err
	}
	m, err := d.fleet.Add(world.NewToken(model))
	if err != nil {
		return nil, err
	}
	terminal, err := d.fleet.Attach(m, "pty:")
	if err != nil {
		return nil, err
	}
	path := strings.TrimPrefix(terminal.Addr(), "pty:")

	n, err := rand.Int(rand.Reader, big.NewInt(1<<32))
	if err != nil {
		return nil, err
	}
	t := &Token{Profile: p, Port: path, member: m}
	if t.Serial, err = token.TestSerial(token.SerialOATH, n.Uint64()); err != nil {
		return nil, err
	}
	today, err := token.ExpiryOf(time.Now().In(token.Tokyo()))
	if err != nil {
		return nil, err
	}
	t.Expiry = today.AddMonths(lifetime)
	t.seed, err = token.GenerateSeed(rand.Reader, token.DefaultSeedLen)
	return t, err
}

// Serve runs the tokens until ctx ends.
func (d *Demo) Serve(ctx context.Context) error {
	return d.fleet.Serve(ctx)
}

// Provision programs, verifies and locks every token through its terminal, which it
// opens like any serial port.
func (d *Demo) Provision(ctx context.Context) error {
	for _, t := range d.Tokens {
		if err := t.provision(ctx); err != nil {
			return fmt.Errorf("%s on %s: %w", t.Profile.Name, t.Port, err)
		}
	}
	return nil
}

func (t *Token) provision(ctx context.Context) error {
	var err error
	if t.conn, err = port.Open(ctx, t.Port); err != nil {
		return err
	}
	t.client = host.New(t.conn)
	order := host.Order{Serial: t.Serial, Profile: t.Profile, Expiry: t.Expiry, Seed: t.seed}
	if err := t.client.Provision(ctx, host.InsecureTestStationKey(), order); err != nil {
		return err
	}
	if err := t.client.Verify(ctx, order); err != nil {
		return err
	}
	return t.client.Lock(ctx)
}

// Fleet returns the tokens, for pages that show and control them.
func (d *Demo) Fleet() *fleet.Fleet { return d.fleet }

// Customer returns the token of the bank's customer. It has a button, which a person can
// press.
func (d *Demo) Customer() *Token {
	for _, t := range d.Tokens {
		if t.Profile.Behaviour.Button {
			return t
		}
	}
	return d.Tokens[0]
}

// Look reads the token's display through its terminal and compares it with pquerna/otp.
// It presses the button if the display is dark.
func (t *Token) Look(ctx context.Context) (Look, error) {
	shown, err := t.client.LightUp(ctx)
	if err != nil {
		return Look{}, err
	}
	if shown.State != serialproto.StateLocked {
		return Look{}, fmt.Errorf("the token is %s, want %s", shown.State, serialproto.StateLocked)
	}
	want, err := t.reference(shown.Now)
	if err != nil {
		return Look{}, err
	}
	return Look{
		Shown: shown.Text, Want: want, Agree: shown.Text == want,
		Left: shown.Left, View: view(shown),
	}, nil
}

// reference computes the token's code at a time of its clock with pquerna/otp.
func (t *Token) reference(now time.Time) (string, error) {
	key := t.seed.Bytes()
	defer clear(key)
	code, err := totp.GenerateCodeCustom(base32.StdEncoding.EncodeToString(key), now, totp.ValidateOpts{
		Period:    uint(t.Profile.Step),
		Digits:    otp.Digits(t.Profile.Digits),
		Algorithm: otp.AlgorithmSHA1,
	})
	if err != nil {
		return "", fmt.Errorf("computing the reference: %w", err)
	}
	return code, nil
}

// ErrChanged is the error of a token that a person removed from the demo, or changed: it
// no longer shows codes.
var ErrChanged = errclass.New(errclass.Refused, "changed on the wall")

// Watch reads the display of a token without its terminal: it presses no button, and a
// person may have unplugged the port. The error wraps [ErrChanged].
func (d *Demo) Watch(t *Token) (Look, error) {
	dark := Look{View: virtual.View{Digits: int(t.Profile.Digits)}}
	id := t.member.Token.HardwareID()
	if _, err := d.fleet.Find(hex.EncodeToString(id[:])); err != nil {
		return dark, fmt.Errorf("%w: removed", ErrChanged)
	}
	s := t.member.Look()
	if s.State != serialproto.StateLocked {
		return Look{View: s.View}, fmt.Errorf("%w: %s", ErrChanged, s.State)
	}
	code, lit := fleet.CodeOn(s.Reading)
	if !lit && strings.TrimSpace(s.Text) != "" {
		code = s.Text // with broken segments
	}
	want, err := t.reference(s.Clock.Time())
	return Look{Shown: code, Want: want, Agree: code == want, Left: s.Left, View: s.View}, err
}

// view returns the LCD with the segments reported over the serial port, at full
// contrast.
func view(d host.RigDisplay) virtual.View {
	v := virtual.View{Digits: len(d.Segments), Contrast: 1}
	copy(v.Lit.Digits[:], d.Segments)
	v.Lit.Bars = 1<<d.Bars - 1
	if d.Tick {
		v.Lit.Icons |= firmware.IconTick
	}
	if d.Battery {
		v.Lit.Icons |= firmware.IconBattery
	}
	return v
}

// Close closes the terminals and destroys the seeds.
func (d *Demo) Close() {
	for _, t := range d.Tokens {
		if t.conn != nil {
			t.conn.Close()
		}
		t.seed.Destroy()
	}
	d.fleet.Close()
}
