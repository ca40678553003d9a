// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"math/bits"
	"strings"

	"github.com/d204ef64/fob/token"
)

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
