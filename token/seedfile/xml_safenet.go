// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"encoding/xml"
	"io"
	"math"
	"strconv"
)

// safenetXML is the file of SafeNet's, formerly Aladdin's, eToken PASS, which
// privacyIDEA and LinOTP import (parseSafeNetXML, "aladdin-xml"):
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
// Model and ProductName become model and friendly name; other elements
// (CaseModel, ProductionDate) are left out with a warning. The file is for HOTP:
// eToken PASS that go by time came with files of another kind (LDIF, ".dat"),
// and a form of this one for them is not known. Digits and algorithm are not in
// it: they are those of the options.
var safenetXML = &Format{
	Name: "safenet-xml", Title: "SafeNet (Aladdin) eToken PASS, XML", Extension: ".xml",
	carries: func(r *Record) Field {
		f := FieldSerial | FieldModel | FieldFriendlyName
		if r.Type == HOTP {
			f |= FieldType | FieldCounter
		}
		return f
	},
	detect: func(head []byte) bool { return rootElement(head) == "Tokens" },
	read: newFunc("safenet-xml", func(b *bufio.Reader, o ReadOptions) (*safenetReader, error) {
		x, err := newXMLScanner("safenet-xml", b, o)
		return &safenetReader{xmlScanner: x}, err
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

type safenetReader struct {
	*xmlScanner
	begun bool
}

func (s *safenetReader) Read() (Record, error) {
	var r Record
	if err := s.read(&r); err != nil {
		return Record{}, s.fail(&r, err)
	}
	return r, nil
}

func (s *safenetReader) read(r *Record) error {
	if !s.begun {
		s.begun = true
		if err := s.root("Tokens"); err != nil {
			return err
		}
	}
	for {
		e, found, err := s.child()
		switch {
		case err == io.EOF:
			return malformed("unexpected end")
		case err != nil:
			return err
		case !found:
			return s.end()
		case e.Name.Local == "Token":
			s.mark()
			return s.readToken(e, r)
		}
		if err := s.unknown(e); err != nil {
			return err
		}
	}
}

func (s *safenetReader) readToken(e xml.StartElement, r *Record) (err error) {
	if r.Serial, err = serial([]byte(attribute(e, "serial"))); err != nil {
		return err
	}
	t, applications := texts{}, 0
	err = s.each(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "Model", "ProductName":
			return t.set(s.xmlScanner, e)
		case "Applications":
			return s.each(func(e xml.StartElement) error {
				if e.Name.Local != "Application" {
					return s.unknown(e)
				}
				if applications++; applications > 1 {
					return unsupported("a token with several applications")
				}
				return s.each(func(e xml.StartElement) error {
					switch e.Name.Local {
					case "Seed", "MovingFactor":
						return t.set(s.xmlScanner, e)
					}
					return s.unknown(e)
				})
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
	r.Counter, err = number("counter", t["MovingFactor"], math.MaxUint64)
	return err
}

func appendSafenet(dst []byte, r *Record) ([]byte, error) {
	if r.Type != HOTP {
		return dst, bad("type", "the format is for HOTP")
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
