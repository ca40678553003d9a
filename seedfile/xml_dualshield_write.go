// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"strconv"

	"github.com/d204ef64/fob/token"
)

// dualshieldWriter remembers the header.
type dualshieldWriter struct {
	manufacturer, model string
	digits              uint8
	step                token.UnixSeconds
	algorithm           token.Algorithm
}

func headerOf(r *Record) dualshieldWriter {
	return dualshieldWriter{r.Manufacturer, r.Model, r.Digits, r.Step, r.Algorithm}
}

func (d *dualshieldWriter) begin(dst []byte, r *Record) ([]byte, error) {
	dst = append(dst, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<data>\n"...)
	if r == nil {
		return append(dst, " <tokens>\n"...), nil
	}
	if err := needTOTP(r); err != nil {
		return dst, err
	}
	*d = headerOf(r)
	dst = append(dst, " <header>\n"...)
	dst = appendElementIf(dst, "  ", "manufacturerCode", r.Manufacturer)
	dst = appendElementIf(dst, "  ", "productCode", r.Model)
	dst = appendElement(dst, "  ", "encrypt", "NONE")
	dst = appendElement(dst, "  ", "encode", "HEX")
	dst = appendElement(dst, "  ", "digits", strconv.Itoa(int(r.Digits)))
	dst = appendElement(dst, "  ", "timeWindow", strconv.FormatInt(int64(r.Step), 10))
	dst = appendElement(dst, "  ", "crypto", "Hmac"+r.Algorithm.String())
	return append(dst, " </header>\n <tokens>\n"...), nil
}

func (d *dualshieldWriter) add(dst []byte, r *Record) ([]byte, error) {
	if err := needTOTP(r); err != nil {
		return dst, err
	}
	if err := onlyTwo(r, true, true); err != nil {
		return dst, err
	}
	if headerOf(r) != *d {
		return dst, badValue("", "manufacturer, model, digits, period or algorithm differ from the first token's: write a separate file, because one header applies to all tokens")
	}
	dst = append(dst, "  <token>\n   <serial>"...)
	dst, err := appendSerial(dst, r)
	dst = append(dst, "</serial>\n   <seed>"...)
	dst = appendHex(dst, r.Seed)
	return append(dst, "</seed>\n  </token>\n"...), err
}
