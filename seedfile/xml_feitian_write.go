// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"encoding/base64"
	"strconv"
	"strings"
)

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
