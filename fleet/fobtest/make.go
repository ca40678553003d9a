// SPDX-License-Identifier: Apache-2.0

package fobtest

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// TokenOption is an option of [World.Token].
type TokenOption func(*plan)

// plan is the description of a token.
type plan struct {
	profile string
	expiry  string
	seed    []byte
	ppm     *float64
	blank   bool
	open    bool
}

// Profile selects the hardware and its profile, such as button-6. By default it is the
// first of token.Profiles, and on hardware its own.
func Profile(name string) TokenOption { return func(p *plan) { p.profile = name } }

// PPM gives the token a crystal with a constant error at 25 °C: 3.8 ppm is two minutes a
// year. Temperature and falls change it as usual. By default the error is random, as in
// the model's lot, and changes with age.
func PPM(ppm float64) TokenOption { return func(p *plan) { p.ppm = &ppm } }

// Seed sets the OTP secret. By default it comes from the world's seed.
func Seed(seed []byte) TokenOption { return func(p *plan) { p.seed = seed } }

// Expiry sets the last day of validity, YYYY-MM-DD. By default it is five years after
// the world's date.
func Expiry(day string) TokenOption { return func(p *plan) { p.expiry = day } }

// Blank leaves the token without a serial number and a seed, for a test of provisioning.
// On hardware it may be WIPED instead, which accepts the same commands.
func Blank() TokenOption { return func(p *plan) { p.blank = true } }

// Unlocked leaves the token PROVISIONED: it still answers the commands of a
// provisioning line. By default it is LOCKED, like a token that was delivered.
func Unlocked() TokenOption { return func(p *plan) { p.open = true } }

// Token makes a token, by default a provisioned and locked one with a serial number for
// test tokens.
func (w *World) Token(options ...TokenOption) *Token {
	w.t.Helper()
	var p plan
	for _, o := range options {
		o(&p)
	}
	if w.fleet == nil {
		return w.device(&p)
	}
	if p.profile == "" {
		p.profile = token.Profiles()[0].Name
	}
	model, err := virtual.ModelByName(p.profile)
	if err != nil {
		w.t.Fatalf("fobtest: %v", err)
	}
	var crystal []virtual.Option
	if p.ppm != nil {
		crystal = []virtual.Option{virtual.Perfect(), virtual.Trim(virtual.PPM(*p.ppm))}
	}
	t := w.fleet.World().NewToken(model, crystal...)
	tok := &Token{w: w}
	if !p.blank {
		tok.order = w.order(&p, model.Profile(), t.Index())
		payload := payloadOf(&tok.order)
		defer clear(payload.Seed)
		if err := t.Program(tok.order.Serial, &payload, !p.open); err != nil {
			w.t.Fatalf("fobtest: programming a token: %v", err)
		}
	}
	if tok.member, err = w.fleet.Add(t); err != nil {
		w.t.Fatalf("fobtest: %v", err)
	}
	return tok
}

// Lot makes the tokens of a lot: with ages, expiry dates and crystals that differ.
func (w *World) Lot(l fleet.Lot) []*Token {
	w.t.Helper()
	members, err := w.Fleet("Lot").MakeLot(l)
	if err != nil {
		w.t.Fatalf("fobtest: %v", err)
	}
	var tokens []*Token
	for _, m := range members {
		tok := &Token{w: w, member: m}
		tok.order.Seed, tok.order.Profile = m.Token.Secrets()
		tok.order.Serial, tok.order.Expiry = m.Token.BackLabel()
		tokens = append(tokens, tok)
	}
	return tokens
}

// order returns the data with which a token is provisioned.
func (w *World) order(p *plan, profile token.Profile, index uint64) host.Order {
	w.t.Helper()
	const life = 5 * 12 // months
	o := host.Order{Profile: profile, Now: w.Now}
	var err error
	if o.Serial, err = token.TestSerial(token.SerialOATH, index); err != nil {
		w.t.Fatalf("fobtest: %v", err)
	}
	if p.expiry != "" {
		o.Expiry, err = token.ParseExpiry(p.expiry)
	} else if o.Expiry, err = token.ExpiryOf(w.Now()); err == nil {
		o.Expiry = o.Expiry.AddMonths(life)
	}
	if err != nil {
		w.t.Fatalf("fobtest: expiry: %v", err)
	}
	seed := p.seed
	if seed == nil {
		b := binary.LittleEndian.AppendUint64([]byte("fobtest seed"), w.seed)
		sum := sha256.Sum256(binary.LittleEndian.AppendUint64(b, index))
		seed = sum[:token.DefaultSeedLen]
	}
	if o.Seed, err = token.NewSeed(seed); err != nil {
		w.t.Fatalf("fobtest: seed: %v", err)
	}
	return o
}

// payloadOf returns an order as the content of a provisioning message.
func payloadOf(o *host.Order) serialproto.Payload {
	p := serialproto.Payload{
		Seed: o.Seed.Bytes(), Profile: o.Profile, Expiry: o.Expiry,
		Clock: token.UnixMilli(o.Now().UnixMilli()),
	}
	if !o.Expiry.IsZero() {
		p.Ends = token.UnixSeconds(o.Expiry.Ends(nil).Unix())
	}
	return p
}
