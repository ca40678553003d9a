// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"strings"

	"github.com/d204ef64/fob/token"
)

// pskcFormat is the Portable Symmetric Key Container of RFC 6030: the one format
// with both expiry dates, encryption and a signature.
//
// TOTP is not in RFC 6030: its name, urn:ietf:params:xml:ns:keyprov:pskc:totp,
// and its elements come from draft-hoyer-keyprov-pskc-algorithm-profiles.
//
// Time is, in RFC 6030 section 4.1, a number of intervals since a start that
// the algorithm defines, and 0 for a key that is told of from its start on. No
// element names that start. Here Time is T0 in seconds since 1970: 0, or
// 946684800 for the tokens that count from 2000-01-01. No other value is read
// or written. The two meanings cannot be mistaken for each other: 946684800
// intervals of 30 s end in the year 2869. An importer that knows no T0 should
// refuse the value, as FreeIPA does.
//
// What of a file has no field in a [Record] and changes nothing in what a key
// may do is passed over, and ReadOptions.Warn told once: CryptoModuleInfo,
// KeyProfileId, KeyReference beside a Secret, Extensions, and elements of other
// namespaces (the schema's extension points are "lax", RFC 6030 sections 9 and
// 11). In Policy nothing is passed over: what is not understood there forbids
// the use of the key (section 5). DeviceBinding is refused as well: who loads
// the key into a device would have to hold to it.
var pskcFormat = &Format{
	Name:      "pskc",
	Title:     "PSKC, RFC 6030",
	Extension: ".pskcxml",
	carries:   pskcCarries,
	detect:    pskcDetect,
	read:      newPSKCReader,
	write:     newPSKCWriter,
}

// The namespaces of RFC 6030 section 1.3.
const (
	nsPSKC   = "urn:ietf:params:xml:ns:keyprov:pskc"
	nsDS     = "http://www.w3.org/2000/09/xmldsig#"
	nsXENC   = "http://www.w3.org/2001/04/xmlenc#"
	nsXENC11 = "http://www.w3.org/2009/xmlenc11#"
	nsPKCS5  = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#"
	// nsAny is for the children of PBKDF2-params: figure 7 leaves them without a
	// namespace, its copies with a default namespace put them into that one, and
	// XML Encryption 1.1 into its own.
	nsAny = "*"
)

// The algorithms of keys.
const (
	pskcHOTP = nsPSKC + ":hotp" // RFC 6030 section 10.1
	pskcTOTP = nsPSKC + ":totp"
	// pskcTOTPDraft is the name in the draft's examples, which vendors copied.
	pskcTOTPDraft = nsPSKC + "#totp"
)

// Limits, so that a file cannot take all memory before it is refused. Real files
// stay below a tenth of them.
const (
	pskcMaxToken = 256 << 10 // bytes of a tag, text or comment
	pskcMaxDepth = 32        // of elements in each other
	// pskcMaxSigned is the bytes of a file with a signature that is made or
	// verified: canonical XML needs all of it in memory, several times, before
	// anything is known to be anybody's. With the limits that follow, a hostile
	// file takes what `RAPID_CHECKS=1000 go test -run PSKCSignedMemory -v` says: 0.9 GiB, for 6 s.
	pskcMaxSigned = 16 << 20
	// pskcMaxComments is the comments of such a file: canonical XML has none, and
	// the library takes one after the other out of a list.
	pskcMaxComments = 1000
	// pskcMaxSpaces is the declarations of namespaces in force at one place of
	// such a file: the library copies them for each element.
	pskcMaxSpaces = 32
)

// pskcMaxNodes is the elements, attributes, texts and so on of such a file, each of
// which takes a hundred bytes and more, whatever it has in the file. Our files have 14
// bytes to a node, or more. Tests take a smaller limit to be done sooner.
var pskcMaxNodes = pskcMaxSigned / 12

func pskcCarries(r *Record) Field {
	f := FieldAll
	if r.Type == HOTP {
		return f &^ (FieldStep | FieldT0 | FieldDrift)
	}
	f &^= FieldCounter
	if !pskcT0(int64(r.T0)) {
		f &^= FieldT0
	}
	return f
}

// pskcT0 reports whether a T0 is one that Time may name.
func pskcT0(t0 int64) bool { return t0 == 0 || t0 == int64(token.Epoch2000) }

func pskcDetect(head []byte) bool {
	return strings.EqualFold(rootElement(head), "KeyContainer") &&
		(bytes.Contains(head, []byte(`keyprov:pskc"`)) || bytes.Contains(head, []byte(`keyprov:pskc'`))) // and not …:pskc:1.0, the drafts'
}
