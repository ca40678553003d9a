// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/flynn/noise"
	"github.com/fxamacker/cbor/v2"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// Order has the values with which a token is to be programmed.
type Order struct {
	Serial  token.Serial
	Profile token.Profile
	Expiry  token.Expiry   // zero: the token never expires
	Zone    *time.Location // the expiry day ends in this zone; nil: Tokyo
	Seed    token.Seed

	// Now returns the time to which the token's clock is set. It is called at the last
	// moment. nil means time.Now.
	Now func() time.Time

	// DeviceKey is the X25519 public key that the device must have; nil accepts any
	// key.
	DeviceKey *[32]byte
}

// payload is the content of a provisioning message; see PROTOCOL.md.
type payload struct {
	Seed      []byte  `cbor:"seed"`
	Algorithm uint8   `cbor:"alg"`
	Digits    uint8   `cbor:"dig"`
	Step      int64   `cbor:"step"`
	T0        int64   `cbor:"t0"`
	Behaviour [10]int `cbor:"beh"`
	Expiry    *int32  `cbor:"exp,omitempty"`
	Ends      int64   `cbor:"end,omitempty"`
	Clock     int64   `cbor:"clk"`
}

// Provision programs a blank or wiped token and checks its proof that it holds the seed
// ([ErrVerify] if the proof is wrong). Afterwards its state is PROVISIONED: verify the
// token, then lock it. An order that no token could fulfil is refused before anything
// is sent.
func (c *Client) Provision(ctx context.Context, station StationKey, o Order) error {
	if err := o.check(); err != nil {
		return err
	}
	if station.private.IsZero() {
		return fmt.Errorf("provision: %w: the key is empty", ErrStationKey)
	}
	info, err := c.Info(ctx)
	if err != nil {
		return err
	}
	key, counter, err := c.DeviceKey(ctx)
	if err != nil {
		return err
	}
	if o.DeviceKey != nil && key != *o.DeviceKey {
		return fmt.Errorf("provision: %w: its public key is not the one enrolled for it", ErrWrongDevice)
	}
	binding := serialproto.Binding{
		HardwareID: info.HardwareID,
		Serial:     o.Serial,
		Counter:    counter,
		Firmware:   info.Firmware,
	}
	clock := o.now()
	sealed := time.Now()
	message, transcript, err := seal(station, key[:], &binding, &o, clock)
	if err != nil {
		return fmt.Errorf("provision: %w", err)
	}
	var done struct {
		Confirmation []byte `cbor:"conf"`
	}
	body := struct {
		Serial  string `cbor:"sn"`
		Counter uint32 `cbor:"ctr"`
		Message []byte `cbor:"msg"`
	}{o.Serial.String(), counter, message}
	err = c.do(ctx, request{name: "provision", op: serialproto.OpWrite, group: serialproto.GroupToken, command: serialproto.CmdTokenProvCommit, body: body}, &done)
	if err != nil {
		return err
	}
	seed := o.Seed.Bytes()
	defer clear(seed)
	want := serialproto.Confirmation(seed, &transcript)
	if subtle.ConstantTimeCompare(done.Confirmation, want[:]) != 1 {
		return fmt.Errorf("provision: %w: wrong confirmation", ErrVerify)
	}
	if time.Since(sealed) <= staleAfter {
		return nil
	}
	// The time in the message is out of date, unless the order's clock stands still.
	if now := o.now(); now.Sub(clock).Abs() > staleAfter {
		return c.SetClock(ctx, now)
	}
	return nil
}

// ErrWrongDevice is the error of a device whose public key is not the expected one.
var ErrWrongDevice = errclass.New(errclass.Refused, "wrong device")

// DeviceKey reads the X25519 public key with which the device opens a provisioning
// message, and the counter of the next message. Another device cannot use the key, because
// it does not have the private part. The device must be blank or wiped.
func (c *Client) DeviceKey(ctx context.Context) (key [32]byte, counter uint32, err error) {
	var begin struct {
		Public  []byte  `cbor:"pub"`
		Counter *uint32 `cbor:"ctr"`
	}
	err = c.do(ctx, request{name: "provision", group: serialproto.GroupToken, command: serialproto.CmdTokenProvBegin}, &begin)
	if err != nil {
		return key, 0, err
	}
	if len(begin.Public) != len(key) || begin.Counter == nil {
		return key, 0, fmt.Errorf("provision: %w: public key of %d bytes, or counter missing", ErrProtocol, len(begin.Public))
	}
	return [32]byte(begin.Public), *begin.Counter, nil
}

// staleAfter is how old the time in a provisioning message may be on arrival. If it is
// older, the clock is set again.
const staleAfter = 100 * time.Millisecond

func (o *Order) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

// check returns an error for values that no token can have.
func (o *Order) check() error {
	if o.Serial.IsZero() {
		return fmt.Errorf("provision: %w: the serial number is missing", token.ErrSerial)
	}
	if o.Seed.IsZero() {
		return fmt.Errorf("provision: %w", token.ErrNoSeed)
	}
	if err := o.Profile.Validate(); err != nil {
		return fmt.Errorf("provision: %w", err)
	}
	if t0 := o.Profile.T0; t0 > 0 && o.now().Unix() < int64(t0) {
		return fmt.Errorf("provision: %w: T0 %d is in the future, and the token would have no code", token.ErrProfile, t0)
	}
	return nil
}

// seal creates the Noise message, as the initiator of pattern K.
func seal(station StationKey, device []byte, b *serialproto.Binding, o *Order, clock time.Time) (message []byte, h serialproto.Transcript, err error) {
	private := station.private.Bytes()
	defer clear(private)
	hs, err := noise.NewHandshakeState(noise.Config{
		CipherSuite:   noise.NewCipherSuite(&x25519{station: station.key()}, noise.CipherAESGCM, noise.HashSHA256),
		Random:        rand.Reader,
		Pattern:       noise.HandshakeK,
		Initiator:     true,
		Prologue:      b.AppendPrologue(nil),
		StaticKeypair: noise.DHKey{Private: private, Public: station.public[:]},
		PeerStatic:    device,
	})
	if err != nil {
		return nil, h, err
	}
	plain, err := o.payload(clock)
	if err != nil {
		return nil, h, err
	}
	defer clear(plain)
	message, _, _, err = hs.WriteMessage(nil, plain)
	if err != nil {
		return nil, h, err
	}
	return message, serialproto.Transcript(hs.ChannelBinding()), nil
}

// payload encodes the content of the message, which sets the token's clock.
func (o *Order) payload(clock time.Time) ([]byte, error) {
	seed := o.Seed.Bytes()
	defer clear(seed)
	p, b := o.Profile, o.Profile.Behaviour
	m := payload{
		Seed: seed, Algorithm: uint8(p.Algorithm), Digits: p.Digits, Step: int64(p.Step), T0: int64(p.T0),
		Behaviour: [10]int{
			boolToInt(b.Button), boolToInt(b.UntilStepEnd), int(b.ShowSeconds), int(b.PressLimit), int(b.LowPercent),
			int(b.Expiry), int(b.BlankDelayDays), boolToInt(b.ClockLossErases), int(b.Bars),
			boolToInt(b.LimitEnds),
		},
	}
	if !o.Expiry.IsZero() {
		days := o.Expiry.Days()
		m.Expiry, m.Ends = &days, o.Expiry.Ends(o.Zone).Unix()
	}
	m.Clock = clock.UnixMilli()
	return cbor.Marshal(m)
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Verify checks that the token shows the code of its seed, for a step that differs from
// the present one by at most one. The token must be PROVISIONED and not yet locked. The
// error wraps [ErrVerify].
func (c *Client) Verify(ctx context.Context, o Order) error {
	d, err := c.Display(ctx)
	if err != nil {
		return err
	}
	want, err := o.Profile.Code(o.Seed, d.Step)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if !d.Code.Equal(want) {
		return fmt.Errorf("verify: %w: it shows a different code for step %d", ErrVerify, d.Step)
	}
	off := d.Step - o.Profile.StepAtMilli(token.UnixMilli(o.now().UnixMilli()))
	if off < -1 || off > 1 {
		return fmt.Errorf("verify: %w: its clock is %d steps off", ErrVerify, off)
	}
	return nil
}
