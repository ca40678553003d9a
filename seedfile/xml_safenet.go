// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"crypto/sha256"
	"encoding/xml"
	"math"
	"strconv"

	"github.com/d204ef64/fob/token"
)

// safenetXML is the file of the eToken PASS by SafeNet, formerly Aladdin. privacyIDEA
// and LinOTP import it (parseSafeNetXML, "aladdin-xml"):
//
//	<Tokens>
//	 <Token serial="…">
//	  <Model>101</Model> <ProductName>…</ProductName>
//	  <Applications>
//	   <Application ConnectorID="{…}">
//	    <Seed>hexadecimal</Seed>
//	    <MovingFactor>1</MovingFactor>     the counter
//	   </Application>
//	  </Applications>
//	 </Token>
//	</Tokens>
//
// Model and ProductName become model and friendly name. Other elements (CaseModel,
// ProductionDate) are left out with a warning. The file is for HOTP. Time-based eToken
// PASS came with other files (LDIF, ".dat"), and no such form of this format is known.
// Digits and algorithm are not in the file and come from the options, except that both
// servers use SHA-256 for a seed of 32 bytes.
var safenetXML = &Format{
	Name: "safenet-xml", Title: "SafeNet (Aladdin) eToken PASS, XML", Extension: ".xml",
	carries: func(r *Record) Field {
		f := FieldSerial | FieldModel | FieldFriendlyName
		if r.Algorithm == safenetHash(r.Seed) {
			f |= FieldAlgorithm
		}
		if r.Type == HOTP {
			f |= FieldType | FieldCounter
		}
		return f
	},
	detect: func(head []byte) bool { return rootElement(head) == "Tokens" },
	read: readXML("safenet-xml", func(x *xmlReader) {
		x.outer, x.name, x.at, x.record, x.other = "Tokens", "Token", 2, x.readSafenet, x.unknown
	}),
	write: writeFunc(recordWriter{
		format: "safenet-xml",
		begin: func(dst []byte, _ *Record) ([]byte, error) {
			return append(dst, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Tokens>\n"...), nil
		},
		add: appendSafenet,
		end: "</Tokens>\n",
	}),
}

// readSafenet reads a Token.
func (s *xmlScanner) readSafenet(e xml.StartElement, r *Record) (err error) {
	if err = r.setSerial([]byte(attribute(e, "serial"))); err != nil {
		return err
	}
	t, applications := texts{}, 0
	err = s.each(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "Model", "ProductName":
			return t.set(s, e)
		case "Applications":
			return s.each(func(e xml.StartElement) error {
				if e.Name.Local != "Application" {
					return s.unknown(e)
				}
				if applications++; applications > 1 {
					return unsupported("a token with several applications")
				}
				return t.setAll(s, "Seed", "MovingFactor")
			})
		}
		return s.unknown(e)
	})
	if err != nil {
		return err
	}
	r.Type, r.Digits, r.Algorithm = HOTP, s.options.defaultDigits(), s.options.Algorithm
	r.Model, r.FriendlyName = t["Model"], t["ProductName"]
	if r.Seed, err = hexSeed([]byte(t["Seed"])); err != nil {
		return err
	}
	if a := safenetHash(r.Seed); r.Algorithm == token.SHA1 && a != r.Algorithm {
		r.Algorithm = a
		s.options.onceAt(s.options.warn, s.format, s.line, "the file does not name the hash: SHA256 is used, because privacyIDEA derives it from the length of the seed")
	}
	r.Counter, err = number("counter", t["MovingFactor"], math.MaxUint64)
	return err
}

// safenetHash returns the hash that privacyIDEA and LinOTP use for a seed of this
// format: SHA-256 for 32 bytes, otherwise SHA-1.
func safenetHash(seed token.Seed) token.Algorithm {
	if seed.Len() == sha256.Size {
		return token.SHA256
	}
	return token.SHA1
}

func appendSafenet(dst []byte, r *Record) ([]byte, error) {
	if r.Type != HOTP {
		return dst, badValue("type", "the format supports only HOTP")
	}
	if a := safenetHash(r.Seed); a != r.Algorithm {
		return dst, badValue("algorithm", "the format does not name the hash, and servers use %s for a seed of %d bytes: write pskc", a, r.Seed.Len())
	}
	dst = append(dst, " <Token serial=\""...)
	dst, err := appendSerial(dst, r)
	if err != nil {
		return dst, err
	}
	dst = append(dst, "\">\n"...)
	dst = appendElementIf(dst, "  ", "Model", r.Model)
	dst = appendElementIf(dst, "  ", "ProductName", r.FriendlyName)
	dst = append(dst, "  <Applications>\n   <Application>\n    <Seed>"...)
	dst = appendHex(dst, r.Seed)
	dst = append(dst, "</Seed>\n"...)
	dst = appendElement(dst, "    ", "MovingFactor", strconv.FormatUint(r.Counter, 10))
	return append(dst, "   </Application>\n  </Applications>\n </Token>\n"...), nil
}
