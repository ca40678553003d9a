// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/token"
)

// feitianNamespace is the namespace of the PSKC drafts.
const feitianNamespace = "urn:ietf:params:xml:ns:keyprov:pskc:1.0"

// feitianXML is the file that Feitian shipped before RFC 6030. It follows a draft, and
// LinOTP imports it as type "feitian" (lib/ImportOTP/PSKC.py, do_feitian). It differs
// from PSKC in two names, Device and KeyId:
//
//	<KeyContainer>
//	 <Device>
//	  <DeviceInfo> <Manufacturer>…</Manufacturer> <SerialNo>…</SerialNo> <Model>…</Model> </DeviceInfo>
//	  <Key KeyId="…" KeyAlgorithm="http://www.ietf.org/keyprov/pskc#totp">
//	   <AlgorithmParameters> <Suite>HMAC-SHA1</Suite> <ResponseFormat Length="6" Encoding="DECIMAL"/> </AlgorithmParameters>
//	   <Data>
//	    <Secret> <PlainValue>base64</PlainValue> </Secret>
//	    <Time> <PlainValue>0</PlainValue> </Time> <TimeInterval> <PlainValue>60</PlainValue> </TimeInterval>
//	    <Counter> <PlainValue>0</PlainValue> </Counter>
//	   </Data>
//	  </Key>
//	 </Device>
//	</KeyContainer>
//
// Earlier drafts have ResponseFormat in <Usage OTP="true">, with Format for Encoding.
// The attribute KeyAlgorithm may be called Algorithm instead, and its value may end in
// :totp. The serial number is the one in DeviceInfo, or otherwise the KeyId. The
// namespace is ignored. Time is T0, in seconds. A missing TimeInterval is
// [ErrNoPeriod]; length and suite default to the options. Encrypted files and values
// are refused. Dates are left out with a warning; LinOTP leaves them out too.
var feitianXML = &Format{
	Name: "feitian-xml", Title: "Feitian, XML before RFC 6030", Extension: ".xml",
	carries: func(r *Record) Field {
		f := FieldSerial | FieldManufacturer | FieldModel | FieldType | FieldAlgorithm | FieldDigits | movingFactor(r)
		if r.Type == TOTP {
			f |= FieldT0
		}
		return f
	},
	detect: isFeitian,
	read: readXML("feitian-xml", func(x *xmlReader) {
		f := &feitianReader{xmlScanner: x.xmlScanner}
		x.outer, x.name, x.at, x.record, x.other = "KeyContainer", "Device", 2, f.device, f.other
	}),
	write: writeFunc(recordWriter{
		format: "feitian-xml",
		begin: func(dst []byte, _ *Record) ([]byte, error) {
			return append(dst, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+
				`<KeyContainer Version="1.0" xmlns="`+feitianNamespace+`">`+"\n"...), nil
		},
		add: appendFeitian,
		end: "</KeyContainer>\n",
	}),
}

// isFeitian reports whether a file with this beginning is in Feitian's format. It
// excludes PSKC of RFC 6030, in which the outermost element has the same name.
func isFeitian(head []byte) bool {
	return rootElement(head) == "KeyContainer" && !bytes.Contains(head, []byte("KeyPackage")) &&
		(bytes.Contains(head, []byte("Device>")) || bytes.Contains(head, []byte("KeyId=")))
}

type feitianReader struct {
	*xmlScanner
	sized bool // the key has a ResponseFormat
}

func (f *feitianReader) other(e xml.StartElement) error {
	switch e.Name.Local {
	case "KeyPackage":
		return malformed("element KeyPackage: the file is PSKC according to RFC 6030")
	case "EncryptionKey", "MACMethod":
		return unsupported("encryption")
	}
	return f.unknown(e)
}

func (f *feitianReader) device(_ xml.StartElement, r *Record) error {
	info, keys := texts{}, 0
	err := f.each(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "DeviceInfo":
			return info.setAll(f.xmlScanner, "Manufacturer", "SerialNo", "Model")
		case "Key":
			if keys++; keys > 1 {
				return unsupported("a device with several keys")
			}
			return f.key(e, r)
		}
		return f.unknown(e)
	})
	if err != nil {
		return err
	}
	if keys == 0 {
		return malformed("a device without a key")
	}
	r.Manufacturer, r.Model = info["Manufacturer"], info["Model"]
	number, found := info["SerialNo"]
	if !found {
		number, r.KeyID = r.KeyID, ""
	}
	r.KeyID = "" // was set until here for messages
	return r.setSerial([]byte(number))
}

// feitianMaxT0 is the latest T0: Time is an xs:int in PSKC.
const feitianMaxT0 = math.MaxInt32

func (f *feitianReader) key(e xml.StartElement, r *Record) error {
	algorithm := cmp.Or(attribute(e, "KeyAlgorithm"), attribute(e, "Algorithm"))
	if err := r.setType([]byte(algorithm[strings.LastIndexAny(algorithm, "#:")+1:])); err != nil {
		return err
	}
	r.KeyID = cmp.Or(attribute(e, "KeyId"), attribute(e, "Id"))
	r.Digits, r.Algorithm = f.options.defaultDigits(), f.options.Algorithm
	f.sized = false
	data := texts{}
	err := f.each(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "AlgorithmParameters":
			return f.each(func(e xml.StartElement) error { return f.parameter(e, r) })
		case "Data":
			return f.each(func(e xml.StartElement) error { return f.value(e, data) })
		case "Usage":
			return f.usage(e, r)
		case "Policy":
			return f.each(f.policy)
		}
		return f.unknown(e)
	})
	if err != nil {
		return err
	}
	if r.Seed, err = base64Seed([]byte(data["Secret"])); err != nil {
		return err
	}
	if !f.sized {
		f.options.onceAt(f.options.warn, f.format, f.line, fmt.Sprintf("no ResponseFormat: codes of %d digits are assumed", r.Digits))
	}
	if r.Type == HOTP {
		if s, found := data["Counter"]; found {
			r.Counter, err = number("counter", s, math.MaxUint64)
		}
		return err
	}
	if s, found := data["Time"]; found {
		t0, err := number("T0", s, feitianMaxT0)
		if err != nil {
			return err
		}
		r.T0 = token.UnixSeconds(t0)
	}
	if s, found := data["TimeInterval"]; found {
		r.Step, err = step(s)
	} else {
		r.Step, err = f.options.defaultStep()
	}
	return err
}

func (f *feitianReader) parameter(e xml.StartElement, r *Record) (err error) {
	switch e.Name.Local {
	case "ResponseFormat":
		f.sized = true
		if encoding := cmp.Or(attribute(e, "Encoding"), attribute(e, "Format")); encoding != "DECIMAL" && encoding != "" {
			return &Error{Field: "Encoding", Err: unsupported("an encoding other than DECIMAL")}
		}
		switch strings.TrimSpace(cmp.Or(attribute(e, "CheckDigits"), attribute(e, "CheckDigit"))) {
		case "", "false", "0":
		default:
			return &Error{Field: "CheckDigits", Err: unsupported("CheckDigits")}
		}
		if r.Digits, err = digits(attribute(e, "Length"), 6, 9); err != nil {
			return err
		}
		return f.skip()
	case "ChallengeFormat":
		return &Error{Field: "ChallengeFormat", Err: unsupported("ChallengeFormat")}
	case "Suite":
		named := hashAttribute(e.Attr)
		s, err := f.text()
		if s = cmp.Or(s, named); err == nil && s != "" {
			err = r.setAlgorithm([]byte(s))
		}
		return err
	}
	return f.unknown(e)
}

// usage reads the element that earlier drafts had instead of AlgorithmParameters: an
// attribute for each use of the key, and the format of the response.
func (f *feitianReader) usage(e xml.StartElement, r *Record) error {
	if otp := strings.TrimSpace(attribute(e, "OTP")); otp != "true" && otp != "1" {
		return &Error{Field: "Usage", Err: unsupported("a Usage without OTP")}
	}
	return f.each(func(e xml.StartElement) error { return f.parameter(e, r) })
}

// policy refuses policies that would have to be enforced, like PSKC's reader. Dates and
// usage are left out with a warning.
func (f *feitianReader) policy(e xml.StartElement) error {
	switch e.Name.Local {
	case "PINPolicy", "NumberOfTransactions":
		return &Error{Field: e.Name.Local, Err: unsupported("%s", e.Name.Local)}
	}
	return f.unknown(e)
}

// value reads an element that contains a PlainValue.
func (f *feitianReader) value(e xml.StartElement, data texts) error {
	name := e.Name.Local
	switch name {
	case "Secret", "Time", "TimeInterval", "Counter":
	default:
		return f.unknown(e)
	}
	return f.each(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "PlainValue":
			e.Name.Local = name
			return data.set(f.xmlScanner, e)
		case "EncryptedValue", "ValueMAC":
			return unsupported("encryption")
		}
		return f.unknown(e)
	})
}

// appendFeitian appends a Device.
func appendFeitian(dst []byte, r *Record) ([]byte, error) {
	switch {
	case r.T0 < 0:
		return dst, badValue("T0", "before 1970")
	case r.T0 > feitianMaxT0:
		return dst, badValue("T0", "later than %d", feitianMaxT0)
	}
	number, err := appendSerial(nil, r)
	if err != nil {
		return dst, err
	}
	dst = append(dst, " <Device>\n  <DeviceInfo>\n"...)
	dst = appendElementIf(dst, "   ", "Manufacturer", r.Manufacturer)
	dst = appendElement(dst, "   ", "SerialNo", string(number))
	dst = appendElementIf(dst, "   ", "Model", r.Model)
	dst = append(dst, "  </DeviceInfo>\n  <Key KeyId=\""...)
	dst = append(dst, number...)
	dst = append(dst, "\" KeyAlgorithm=\"http://www.ietf.org/keyprov/pskc#"...)
	dst = append(dst, strings.ToLower(r.Type.String())...)
	dst = append(dst, "\">\n   <AlgorithmParameters>\n"...)
	dst = appendElement(dst, "    ", "Suite", "HMAC-"+r.Algorithm.String())
	dst = append(dst, "    <ResponseFormat Length=\""...)
	dst = strconv.AppendUint(dst, uint64(r.Digits), 10)
	dst = append(dst, "\" Encoding=\"DECIMAL\"/>\n   </AlgorithmParameters>\n   <Data>\n    <Secret><PlainValue>"...)
	key := r.Seed.Bytes()
	dst = base64.StdEncoding.AppendEncode(dst, key)
	clear(key)
	dst = append(dst, "</PlainValue></Secret>\n"...)
	if r.Type == HOTP {
		dst = appendPlain(dst, "Counter", strconv.FormatUint(r.Counter, 10))
	} else {
		dst = appendPlain(dst, "Time", strconv.FormatInt(int64(r.T0), 10))
		dst = appendPlain(dst, "TimeInterval", strconv.FormatInt(int64(r.Step), 10))
	}
	return append(dst, "   </Data>\n  </Key>\n </Device>\n"...), nil
}

func appendPlain(dst []byte, name, value string) []byte {
	return append(dst, "    <"+name+"><PlainValue>"+value+"</PlainValue></"+name+">\n"...)
}
