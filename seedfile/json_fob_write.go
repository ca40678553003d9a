// SPDX-License-Identifier: Apache-2.0

package seedfile

import "strconv"

// appendFob appends a line.
func appendFob(dst []byte, r *Record) ([]byte, error) {
	before := byte('{')
	key := func(name string) {
		dst = appendKey(dst, before, name)
		before = ','
	}
	if s := r.SerialText(); s != "" {
		key("serial")
		dst = appendJSON(dst, s)
	}
	key("type")
	dst = appendJSON(dst, r.Type.String())
	key("seed")
	dst = append(dst, '"')
	dst = appendHex(dst, r.Seed)
	dst = append(dst, '"')
	key("algorithm")
	dst = appendJSON(dst, r.Algorithm.String())
	key("digits")
	dst = strconv.AppendUint(dst, uint64(r.Digits), 10)
	if r.Type == TOTP {
		key("period")
		dst = strconv.AppendInt(dst, int64(r.Step), 10)
	}
	if r.T0 != 0 {
		key("t0")
		dst = strconv.AppendInt(dst, int64(r.T0), 10)
	}
	if r.Drift != 0 {
		key("drift")
		dst = strconv.AppendInt(dst, r.Drift, 10)
	}
	if r.Counter != 0 {
		key("counter")
		dst = strconv.AppendUint(dst, r.Counter, 10)
	}
	for _, name := range fobTimes {
		t := *r.fobTime(name)
		if t.IsZero() {
			continue
		}
		b, err := t.MarshalText() // RFC 3339, with fractions of a second
		if err != nil {
			return dst, badValue(name, "a time that RFC 3339 cannot represent")
		}
		key(name)
		dst = append(dst, '"')
		dst = append(dst, b...)
		dst = append(dst, '"')
	}
	for _, name := range fobTexts {
		if s := *r.fobText(name); s != "" {
			key(name)
			dst = appendJSON(dst, s)
		}
	}
	return append(dst, "}\n"...), nil
}
