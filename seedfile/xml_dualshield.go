// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"io"
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
	read: newFunc("dualshield-xml", func(b *bufio.Reader, o ReadOptions) (*dualshieldReader, error) {
		x, err := newXMLScanner("dualshield-xml", b, o)
		return &dualshieldReader{xmlScanner: x}, err
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
	common  Record // data in the header
	hex     bool
	state   int // 0: at the beginning, 1: in data, 2: in tokens
	header  bool
	present Record
}

func (d *dualshieldReader) Read() (Record, error) {
	d.present = Record{}
	r, err := d.read()
	if err != nil {
		return Record{}, d.fail(&d.present, err)
	}
	return r, nil
}

func (d *dualshieldReader) read() (Record, error) {
	if d.state == 0 {
		if err := d.root("data"); err != nil {
			return Record{}, err
		}
		d.state = 1
	}
	for {
		e, found, err := d.child()
		switch {
		case err == io.EOF:
			return Record{}, malformed("unexpected end of the file")
		case err != nil:
			return Record{}, err
		case !found && d.state == 2:
			d.state = 1
		case !found:
			return Record{}, d.end()
		case d.state == 1 && e.Name.Local == "header":
			err = d.readHeader()
		case d.state == 1 && e.Name.Local == "tokens":
			d.state = 2
			if !d.header {
				err = malformed("no header before the tokens")
			}
		case d.state == 2 && e.Name.Local == "token":
			d.mark()
			return d.readToken()
		default:
			err = d.unknown(e)
		}
		if err != nil {
			return Record{}, err
		}
	}
}

// readHeader reads the data that all tokens share.
func (d *dualshieldReader) readHeader() (err error) {
	if d.header {
		return malformed("duplicate element header")
	}
	d.header = true
	t := texts{}
	for {
		e, found, err := d.child()
		if err != nil {
			return err
		}
		if !found {
			break
		}
		switch e.Name.Local {
		case "manufacturerCode", "productCode", "encrypt", "encode", "digits", "timeWindow", "crypto":
			err = t.set(d.xmlScanner, e)
		default:
			err = d.unknown(e)
		}
		if err != nil {
			return err
		}
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

func (d *dualshieldReader) readToken() (Record, error) {
	t := texts{}
	for {
		e, found, err := d.child()
		if err == nil && !found {
			break
		}
		if err == nil {
			switch e.Name.Local {
			case "serial", "seed":
				err = t.set(d.xmlScanner, e)
			default:
				err = d.unknown(e)
			}
		}
		if err != nil {
			return Record{}, err
		}
	}
	r, err := d.common, error(nil)
	if err = r.setSerial([]byte(t["serial"])); err != nil {
		return Record{}, err
	}
	d.present.Serial, d.present.ForeignSerial = r.Serial, r.ForeignSerial
	if d.hex {
		r.Seed, err = hexSeed([]byte(t["seed"]))
	} else {
		r.Seed, err = base64Seed([]byte(t["seed"]))
	}
	return r, err
}
