// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"encoding/xml"
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
