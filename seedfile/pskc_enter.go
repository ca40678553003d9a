// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// enter records the data at the start of an element.
func (p *pskcParser) enter(parent *pskcFrame, elem pskcElem, attrs []xml.Attr) error {
	k := &p.key
	switch elem {
	case elContainer:
		return p.version(pskcAttr(attrs, "Version"))
	case elEncryptionKey, elMACMethod:
		if parent.has(elPackage) {
			return p.fail(parent.elem, pskcRules[elem].name, fmt.Errorf("%w: after a KeyPackage", ErrSyntax))
		}
		if elem == elEncryptionKey {
			p.crypt.line = p.line
		} else {
			p.crypt.hasMAC, p.crypt.macAlg = true, pskcAttr(attrs, "Algorithm")
		}
	case elPackage:
		p.stack[0].seen[elem/64] |= 1 << (elem % 64) // checked at the end of the file
		k.line = p.line
	case elKey:
		if k.keyLine != 0 {
			return p.fail(parent.elem, "Key", fmt.Errorf("%w: more than one Key in a KeyPackage (RFC 6030 section 4)", ErrUnsupported))
		}
		k.keyLine, k.id, k.algorithm = p.line, pskcAttr(attrs, "Id"), pskcAttr(attrs, "Algorithm")
	case elResponseFormat:
		k.response = pskcResponse{
			line: p.line, length: pskcAttr(attrs, "Length"),
			// The drafts call it Format; the RFC's text uses CheckDigit.
			encoding: pskcAttr(attrs, "Encoding", "Format"),
			checks:   pskcAttr(attrs, "CheckDigits", "CheckDigit"),
		}
	case elSuite:
		k.hashAttr = hashAttribute(attrs)
	case elPolicy:
		for _, a := range attrs {
			if a.Name.Space != "xmlns" && (a.Name.Space != "" || a.Name.Local != "xmlns") {
				return p.fail(elem, nameInMessage(a.Name.Local), fmt.Errorf("%w: an unknown policy forbids the use of the key (RFC 6030 section 5)", ErrUnsupported))
			}
		}
	case elChallengeFormat, elPINPolicy, elTransactions, elDeviceBinding:
		if k.refused == 0 {
			k.refused, k.refusedLine = elem, p.line
		}
	case elSecret, elCounter, elTime, elTimeInterval, elTimeDrift:
		p.value = k.at(elem)
		p.value.line = p.line
	case elMACKey:
		p.value = &p.crypt.macKey
		p.value.line = p.line
	case elEncryptedValue:
		p.value.encrypted = true
	case elPlainValue:
		p.value.plain = true
	case elCipherValue:
		p.value.sealed = true
	case elValueMAC:
		p.value.hasMAC = true
	case elEncryptionMethod:
		p.value.alg = pskcAttr(attrs, "Algorithm")
	case elDigestMethod:
		p.value.digest = pskcAttr(attrs, "Algorithm")
	case elMGF:
		p.value.mgf = pskcAttr(attrs, "Algorithm")
	case elKeyName:
		p.crypt.kinds |= pskcPreShared
	case elX509Data:
		p.crypt.kinds |= pskcCertificate
	case elDerivedKey:
		p.crypt.kinds |= pskcPassword
	case elKeyDerivation:
		p.crypt.kdf = pskcAttr(attrs, "Algorithm")
	case elPRF:
		p.crypt.prf = pskcAttr(attrs, "Algorithm")
	}
	return nil
}

// pskcAttr returns the first attribute that has one of the names and no namespace. It
// prefers the exact spelling to another case, which privacyIDEA's export uses.
func pskcAttr(attrs []xml.Attr, names ...string) string {
	for _, equal := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		for _, name := range names {
			for i := range attrs {
				if equal(attrs[i].Name.Local, name) && attrs[i].Name.Space == "" {
					return attrs[i].Value
				}
			}
		}
	}
	return ""
}

// pskcValue is a value of Data, or MACKey, with the texts of the file.
type pskcValue struct {
	line             int    // 0 if absent
	plain, sealed    bool   // PlainValue and CipherValue are present
	encrypted        bool   // EncryptedValue is present, with any content
	text             string // of PlainValue or CipherValue
	mac              string
	hasMAC           bool
	alg, digest, mgf string // URIs
	label            bool   // OAEPparams is present and not empty
}

// pskcKey is a KeyPackage, with the texts of the file.
type pskcKey struct {
	line          int // of KeyPackage
	keyLine       int // of Key; 0 if there is none
	id, algorithm string
	hashAttr      string // of Suite
	response      pskcResponse
	text          [textCount]string
	textLine      [textCount]int32 // 0 if absent
	data          [5]pskcValue
	usage         []string
	refused       pskcElem // first element that is recognised but not supported
	refusedLine   int
}

// pskcResponse is ResponseFormat.
type pskcResponse struct {
	line                     int
	length, encoding, checks string
}

func (k *pskcKey) get(e pskcElem) string { return k.text[e-firstText] }

// trimmed is get without the surrounding space, which comes from indentation.
func (k *pskcKey) trimmed(e pskcElem) string { return strings.Trim(k.get(e), xmlSpace) }

// at returns a value of Data.
func (k *pskcKey) at(e pskcElem) *pskcValue { return &k.data[e-firstValue] }
