// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"time"

	"github.com/d204ef64/fob/token"
)

// Type is the kind of one-time password.
type Type uint8

// The types. Tokens of fob are TOTP; HOTP is read and written, since the same
// files hold both.
const (
	TOTP Type = iota // RFC 6238
	HOTP             // RFC 4226
)

// String returns "TOTP" or "HOTP".
func (t Type) String() string {
	if t == HOTP {
		return "HOTP"
	}
	return "TOTP"
}

// Validity is a period in which a token or key may be used. Zero times are no
// limit. Both ends belong to it (RFC 6030, section 5: StartDate and ExpiryDate).
type Validity struct {
	Start, Expiry time.Time
}

// Record is one token as a seed file tells of it. Texts are as in the file; ""
// is nothing said.
type Record struct {
	Serial token.Serial // zero: none; then ForeignSerial, KeyID or User names it

	// ForeignSerial is a serial number that a token of fob cannot have: one with
	// an underscore or of more than 20 characters, as servers make them up.
	// Serial is zero then.
	ForeignSerial string

	Type      Type
	Seed      token.Seed
	Algorithm token.Algorithm
	Digits    uint8             // 6 to 9
	Step      token.UnixSeconds // TOTP: 1 or more
	T0        token.UnixSeconds // TOTP: where step 0 begins
	Drift     int64             // TOTP: how many steps the token's clock is ahead (RFC 6030 TimeDrift)
	Counter   uint64            // HOTP: of the next code

	Device Validity // DeviceInfo's
	Policy Validity // the key policy's

	Manufacturer string
	Model        string
	IssueNo      string // tells apart tokens with one serial number
	Issuer       string
	KeyID        string
	FriendlyName string
	User         string // login or UPN
}

// Effective is when the token may be used: from the later start to the earlier
// expiry of the two levels.
func (r *Record) Effective() Validity {
	v := r.Device
	if r.Policy.Start.After(v.Start) {
		v.Start = r.Policy.Start
	}
	if p := r.Policy.Expiry; !p.IsZero() && (v.Expiry.IsZero() || p.Before(v.Expiry)) {
		v.Expiry = p
	}
	return v
}

// Expiry is the date on the token's back that belongs to the effective expiry:
// its day in loc; nil is Tokyo. An instant after the year 9999 there, as some
// write for "never", gives the last day of 9999. The error wraps token.ErrExpiry.
func (r *Record) Expiry(loc *time.Location) (token.Expiry, error) {
	if loc == nil {
		loc = token.Tokyo()
	}
	end := r.Effective().Expiry
	if end.IsZero() {
		return token.Expiry{}, nil
	}
	end = end.In(loc)
	if end.Year() > token.MaxExpiryYear {
		return token.NewExpiry(token.MaxExpiryYear, 12, 31)
	}
	return token.ExpiryOf(end)
}

// ExpiryInstant is the last second of a token's expiry date in loc, as a seed
// file has it in UTC; nil is Tokyo. Zero for no date.
func ExpiryInstant(e token.Expiry, loc *time.Location) time.Time {
	if e.IsZero() {
		return time.Time{}
	}
	return e.Ends(loc).Add(-time.Second).UTC()
}

// Name is what to call the token in a message: its serial number, or else its
// key id or user.
func (r *Record) Name() string {
	switch {
	case r.SerialText() != "":
		return r.SerialText()
	case r.KeyID != "":
		return r.KeyID
	}
	return r.User
}

// SerialText is the serial number, whichever of the two fields has it.
func (r *Record) SerialText() string {
	if r.Serial.IsZero() {
		return r.ForeignSerial
	}
	return r.Serial.String()
}
