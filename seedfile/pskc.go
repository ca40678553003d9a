// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"strings"

	"github.com/d204ef64/fob/token"
)

// pskcFormat is the Portable Symmetric Key Container of RFC 6030, the only format with
// both expiry dates, encryption and a signature.
//
// RFC 6030 does not define TOTP. The name urn:ietf:params:xml:ns:keyprov:pskc:totp and
// the elements for it come from draft-hoyer-keyprov-pskc-algorithm-profiles.
//
// In RFC 6030 section 4.1, Time is a number of intervals since a start that the
// algorithm defines. It is 0 for a key that is described from its start on. No element
// names that start. In this package, Time is T0 in seconds since 1970: 0, or 946684800
// for tokens that count from 2000-01-01. No other value is read or written. The two
// meanings cannot be confused, because 946684800 intervals of 30 s end in the year
// 2869. An importer without support for T0 should refuse the value, as FreeIPA does.
//
// The reader skips elements for which a [Record] has no field, if they do not restrict
// the use of the key. It reports each kind once through ReadOptions.Warn:
// CryptoModuleInfo, KeyProfileId, KeyReference beside a Secret, Extensions, and
// elements of other namespaces (the schema's extension points are "lax", RFC 6030
// sections 9 and 11). In Policy it skips nothing, because an element there that the
// reader does not understand forbids the use of the key (section 5). It also refuses
// DeviceBinding, which only the program that loads the key into a device could enforce.
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
	// nsAny is for the children of PBKDF2-params. Figure 7 leaves them without a
	// namespace, its copies with a default namespace put them into that one, and XML
	// Encryption 1.1 uses its own.
	nsAny = "*"
)

// The algorithms of keys.
const (
	pskcHOTP = nsPSKC + ":hotp" // RFC 6030 section 10.1
	pskcTOTP = nsPSKC + ":totp"
	// pskcTOTPDraft is the name in the draft's examples. Vendors copied it.
	pskcTOTPDraft = nsPSKC + "#totp"
)

// These limits keep a file from using up the memory before it is refused. Real files
// stay below a tenth of them.
const (
	pskcMaxToken = 256 << 10 // bytes in a tag, text or comment
	pskcMaxDepth = 32        // nested elements
	// pskcMaxSigned limits the bytes of a file for which a signature is made or
	// verified. Canonical XML requires several copies of the whole file in memory
	// before its signer is known. With the limits below, a hostile file takes 0.9 GiB
	// for 6 s, measured with `RAPID_CHECKS=1000 go test -run PSKCSignedMemory -v`.
	pskcMaxSigned = 16 << 20
	// pskcMaxComments limits the comments in such a file. Canonical XML has none, and
	// the library removes them one by one from a list.
	pskcMaxComments = 1000
	// pskcMaxSpaces limits the namespace declarations in force at one place of such a
	// file. The library copies them for each element.
	pskcMaxSpaces = 32
)

// pskcMaxNodes limits the elements, attributes, texts and other nodes of such a file.
// Each takes a hundred bytes of memory or more, however short it is. Our own files have
// at least 14 bytes per node. Tests lower the limit to finish sooner.
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

// pskcT0 reports whether Time may have this T0.
func pskcT0(t0 int64) bool { return t0 == 0 || t0 == int64(token.Epoch2000) }

func pskcDetect(head []byte) bool {
	return strings.EqualFold(rootElement(head), "KeyContainer") &&
		(bytes.Contains(head, []byte(`keyprov:pskc"`)) || bytes.Contains(head, []byte(`keyprov:pskc'`))) // and not …:pskc:1.0, the drafts'
}
