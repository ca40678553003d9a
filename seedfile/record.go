// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"math/bits"
	"strings"
	"time"

	"github.com/d204ef64/fob/token"
)

// Type is the kind of one-time password.
type Type uint8

// The types. The tokens of fob are TOTP. HOTP is read and written because the same
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

// Validity is a period in which a token or key may be used. A zero time means no limit.
// The period includes both ends (RFC 6030, section 5: StartDate and ExpiryDate).
type Validity struct {
	Start, Expiry time.Time
}

// Record is one token in a seed file. Texts are as in the file; "" means absent.
type Record struct {
	Serial token.Serial // zero if none; then ForeignSerial, KeyID or User is the name

	// ForeignSerial is a serial number that a token of fob cannot have. It contains an
	// underscore or more than 20 characters, as servers generate them. Serial is then
	// zero.
	ForeignSerial string

	Type      Type
	Seed      token.Seed
	Sealed    *SealedSeed // in place of Seed, in a file of sealed seeds that is written
	Algorithm token.Algorithm
	Digits    uint8             // 6 to 9
	Step      token.UnixSeconds // TOTP: 1 or more
	T0        token.UnixSeconds // TOTP: start of step 0
	Drift     int64             // TOTP: steps that the token's clock is ahead (RFC 6030 TimeDrift)
	Counter   uint64            // HOTP: counter of the next code

	Device Validity // DeviceInfo's
	Policy Validity // the key policy's

	Manufacturer string
	Model        string
	IssueNo      string // distinguishes tokens with the same serial number
	Issuer       string
	KeyID        string
	FriendlyName string
	User         string // login or UPN
}

// Effective returns the period in which the token may be used, from the later start to
// the earlier expiry of the two levels.
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

// Expiry returns the date for the token's back label: the day in loc of the effective
// expiry. A nil loc is Tokyo. An instant after the year 9999, which some files use for
// "never", gives the last day of 9999. The error wraps token.ErrExpiry.
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

// ExpiryInstant returns the last second of a token's expiry date in loc, in UTC as in a
// seed file. A nil loc is Tokyo. It returns the zero time if e is zero.
func ExpiryInstant(e token.Expiry, loc *time.Location) time.Time {
	if e.IsZero() {
		return time.Time{}
	}
	return e.Ends(loc).Add(-time.Second).UTC()
}

// Name returns a name of the token for messages: its serial number, or otherwise its
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

// SerialText returns the serial number from either of the two fields.
func (r *Record) SerialText() string {
	if r.Serial.IsZero() {
		return r.ForeignSerial
	}
	return r.Serial.String()
}

// Field is a set of fields of a [Record].
type Field uint32

// The fields, except the seed, which every format carries.
const (
	FieldSerial Field = 1 << iota
	FieldType
	FieldAlgorithm
	FieldDigits
	FieldStep
	FieldT0
	FieldDrift
	FieldCounter
	FieldDeviceStart
	FieldDeviceExpiry
	FieldPolicyStart
	FieldPolicyExpiry
	FieldManufacturer
	FieldModel
	FieldIssueNo
	FieldIssuer
	FieldKeyID
	FieldFriendlyName
	FieldUser

	// FieldCore has the fields that determine a code, besides the seed.
	FieldCore = FieldType | FieldAlgorithm | FieldDigits | FieldStep | FieldT0 | FieldCounter

	// FieldAll has all fields.
	FieldAll = FieldUser<<1 - 1
)

var fieldNames = [...]string{
	"serial number", "type", "algorithm", "digits", "period", "T0", "drift", "counter",
	"device start", "device expiry", "policy start", "policy expiry",
	"manufacturer", "model", "issue number", "issuer", "key id", "friendly name", "user",
}

// String returns the names of the fields, separated by commas.
func (f Field) String() string {
	var names []string
	for _, one := range f.Each() {
		names = append(names, fieldNames[bits.TrailingZeros32(uint32(one))])
	}
	return strings.Join(names, ", ")
}

// Each returns the fields of the set one by one, in order.
func (f Field) Each() []Field {
	var each []Field
	for f &= FieldAll; f != 0; f &= f - 1 {
		each = append(each, f&-f)
	}
	return each
}

// Fields returns the fields that carry information. These are the fields that are set.
// Of the fields that determine a code, they are those that differ from the usual values
// (TOTP, SHA1, 6 digits, T0 1970, counter 0). The period always counts, because no
// default is common to all servers. A key id that equals the serial number does not
// count.
func (r *Record) Fields() Field {
	var f Field
	add := func(set bool, field Field) {
		if set {
			f |= field
		}
	}
	add(r.SerialText() != "", FieldSerial)
	add(r.Type != TOTP, FieldType)
	add(r.Algorithm != token.SHA1, FieldAlgorithm)
	add(r.Digits != 6, FieldDigits)
	add(r.Type == TOTP, FieldStep)
	add(r.T0 != 0, FieldT0)
	add(r.Drift != 0, FieldDrift)
	add(r.Counter != 0, FieldCounter)
	add(!r.Device.Start.IsZero(), FieldDeviceStart)
	add(!r.Device.Expiry.IsZero(), FieldDeviceExpiry)
	add(!r.Policy.Start.IsZero(), FieldPolicyStart)
	add(!r.Policy.Expiry.IsZero(), FieldPolicyExpiry)
	add(r.Manufacturer != "", FieldManufacturer)
	add(r.Model != "", FieldModel)
	add(r.IssueNo != "", FieldIssueNo)
	add(r.Issuer != "", FieldIssuer)
	add(r.KeyID != "" && r.KeyID != r.SerialText(), FieldKeyID)
	add(r.FriendlyName != "", FieldFriendlyName)
	add(r.User != "", FieldUser)
	return f
}
