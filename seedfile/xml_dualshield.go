// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"encoding/xml"
	"io"
	"strconv"

	"github.com/d204ef64/fob/token"
)

// dualshieldXML is the token file of Deepnet DualShield (Deepnet's wiki, "DualShield
// Token File Format for SafeID Hardware OTP Tokens"):
//
//	<data>
//	 <header>
//	  <manufacturerCode>DN</manufacturerCode> <productCode>ST</productCode>
//	  <encrypt>NONE</encrypt>         NONE or AES256, which is refused
//	  <encode>HEX</encode>            HEX or BASE64: how seeds are written
//	  <digits>6</digits>              6 or 8
//	  <timeWindow>60</timeWindow>     the period in seconds, 30 or 60
//	  <crypto>HmacSHA1</crypto>       HmacSHA1, HmacSHA256, HmacSHA512
//	 </header>
//	 <tokens> <token> <serial>…</serial> <seed>…</seed> </token> … </tokens>
//	</data>
//
// The header applies to all tokens of the file. The codes become manufacturer and
// model. Files of older versions lack digits, timeWindow and crypto. The reader then
// uses the options, and returns [ErrNoPeriod] if these have no period. The writer
// writes TOTP tokens with seeds in HEX. It refuses a token with another header than the
// first, which must go into a separate file. A server accepts the codes of its own
// products only.
var dualshieldXML = &Format{
	Name: "dualshield-xml", Title: "Deepnet DualShield, XML", Extension: ".xml",
	carries: func(*Record) Field {
		return FieldSerial | FieldManufacturer | FieldModel | FieldDigits | FieldStep | FieldAlgorithm
	},
	detect: func(head []byte) bool { return rootElement(head) == "data" },
	read: readXML("dualshield-xml", func(x *xmlReader) {
		d := &dualshieldReader{xmlScanner: x.xmlScanner}
		x.outer, x.name, x.at, x.record, x.other = "data", "token", 3, d.readToken, d.other
	}),
	write: func(w io.Writer, o WriteOptions) (Writer, error) {
		d := &dualshieldWriter{}
		return writeFunc(recordWriter{
			format: "dualshield-xml", begin: d.begin, add: d.add, end: " </tokens>\n</data>\n",
		})(w, o)
	},
}

type dualshieldReader struct {
	*xmlScanner
	common Record // data in the header
	hex    bool
	header bool
}

func (d *dualshieldReader) other(e xml.StartElement) error {
	switch name := e.Name.Local; {
	case d.depth == 2 && name == "header":
		return d.readHeader()
	case d.depth == 2 && name == "tokens" && !d.header:
		return malformed("no header before the tokens")
	case d.depth == 2 && name == "tokens":
		return nil
	}
	return d.unknown(e)
}

// readHeader reads the data that all tokens share.
func (d *dualshieldReader) readHeader() (err error) {
	if d.header {
		return malformed("duplicate element header")
	}
	d.header = true
	t := texts{}
	err = t.setAll(d.xmlScanner, "manufacturerCode", "productCode", "encrypt", "encode", "digits", "timeWindow", "crypto")
	if err != nil {
		return err
	}
	switch t["encrypt"] {
	case "NONE":
	case "AES256":
		return &Error{Field: "encrypt", Err: unsupported("AES256: export the file with encrypt NONE")}
	default:
		return badValue("encrypt", "neither NONE nor AES256")
	}
	switch t["encode"] {
	case "HEX":
		d.hex = true
	case "BASE64":
	default:
		return badValue("encode", "neither HEX nor BASE64")
	}
	c := &d.common
	c.Manufacturer, c.Model = t["manufacturerCode"], t["productCode"]
	c.Digits, c.Algorithm = d.options.defaultDigits(), d.options.Algorithm
	if s, found := t["digits"]; found {
		if c.Digits, err = digits(s, 6, 8); err != nil {
			return err
		}
	}
	if s, found := t["crypto"]; found {
		if err = c.setAlgorithm([]byte(s)); err != nil {
			return err
		}
	}
	if s, found := t["timeWindow"]; found {
		c.Step, err = step(s)
	} else {
		c.Step, err = d.options.defaultStep()
	}
	if err == nil {
		err = onlyTwo(c, true, true)
	}
	return err
}

func (d *dualshieldReader) readToken(_ xml.StartElement, r *Record) (err error) {
	t := texts{}
	if err = t.setAll(d.xmlScanner, "serial", "seed"); err != nil {
		return err
	}
	*r = d.common
	if err = r.setSerial([]byte(t["serial"])); err != nil {
		return err
	}
	if d.hex {
		r.Seed, err = hexSeed([]byte(t["seed"]))
	} else {
		r.Seed, err = base64Seed([]byte(t["seed"]))
	}
	return err
}

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
