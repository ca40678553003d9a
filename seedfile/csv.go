// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/d204ef64/fob/token"
)

// maxColumns is the maximum number of columns in a line, including empty ones at its
// end.
const maxColumns = 100

// csvDialect describes a kind of file with columns. It follows RFC 4180, except that a
// quoted field cannot continue on the next line.
type csvDialect struct {
	name     string
	comma    byte
	trim     bool     // ignore spaces and tabs around a field
	comments bool     // ignore lines that begin with #
	columns  []string // names of all possible columns
	least    int      // minimum number of columns

	// head looks at the first line, and reports whether it was a header rather than a
	// record. It may change the reader's columns. If head is nil, the first line is a
	// record.
	head func(c *csvReader, line []byte) (bool, error)
	// record reads the fields, of which there are between least and all columns.
	record func(c *csvReader, f [][]byte, r *Record) error
}

type csvReader struct {
	*csvDialect
	lines   *recordLines
	comma   byte
	columns []string
	entra   []entraColumn // contents of the columns of an Entra file
	least   int
	fields  [][]byte
	begun   bool
}

// read returns the read function of the dialect.
func (d csvDialect) read() func(*bufio.Reader, ReadOptions) (Reader, error) {
	return readLines(d.name, func(l *recordLines) {
		l.header = true
		l.parse = (&csvReader{csvDialect: &d, lines: l, comma: d.comma, columns: d.columns, least: d.least}).parse
	})
}

func (c *csvReader) parse(line []byte, r *Record) (bool, error) {
	if !c.begun {
		c.begun = true
		if c.head != nil {
			if done, err := c.head(c, line); done || err != nil {
				return false, err
			}
		}
	}
	if len(bytes.Trim(line, " \t\""+string(c.comma))) == 0 || c.comments && line[0] == '#' {
		return false, nil
	}
	c.lines.header = false
	return true, c.split(line, r)
}

// split splits a line and reads its fields.
func (c *csvReader) split(line []byte, r *Record) error {
	var err error
	if c.fields, err = splitCSV(c.fields[:0], line, c.comma, c.trim, maxColumns); err != nil {
		return err
	}
	// A spreadsheet pads every line to the width of the widest one.
	for most := len(c.columns); len(c.fields) > most; c.fields = c.fields[:len(c.fields)-1] {
		if len(c.fields[len(c.fields)-1]) > 0 {
			return malformed("more than %d columns", most)
		}
	}
	if n := len(c.fields); n < c.least {
		const separators = ",;\t"
		for _, other := range []byte(separators) {
			if other != c.comma && bytes.Count(line, []byte{other}) >= c.least-1 {
				return malformed("the columns are separated by %s instead of %s", separatorNames[other], separatorNames[c.comma])
			}
		}
		return malformed("%d columns, want %d: %s", n, c.least, strings.Join(c.columns[:c.least], ", "))
	}
	return c.record(c, c.fields, r)
}

var separatorNames = map[byte]string{',': "commas", ';': "semicolons", '\t': "tabs"}

// once warns once about many lines.
func (c *csvReader) once(what string) {
	c.lines.options.onceAt(c.lines.options.warn, c.name, c.lines.line, what)
}

// omit is once for data that is left out.
func (c *csvReader) omit(what string) {
	c.lines.options.onceAt(c.lines.options.leftOut, c.name, c.lines.line, what+" is left out")
}

// splitCSV appends the fields of a line to fields. It may overwrite the line. More
// fields than most are an error.
func splitCSV(fields [][]byte, line []byte, comma byte, trim bool, most int) ([][]byte, error) {
	rest, more := line, true
	for more {
		if len(fields) == most {
			return fields, malformed("more than %d columns", most)
		}
		if trim {
			rest = bytes.TrimLeft(rest, " \t")
		}
		var field []byte
		if len(rest) > 0 && rest[0] == '"' {
			var ok bool
			if field, rest, ok = unquote(rest[1:]); !ok {
				return fields, malformed("a quoted field does not end in its line")
			}
			if trim {
				rest = bytes.TrimLeft(rest, " \t")
			}
			if len(rest) > 0 && rest[0] != comma {
				return fields, malformed("characters follow a quoted field")
			}
			more = len(rest) > 0
			if more {
				rest = rest[1:]
			}
		} else {
			field, rest, more = bytes.Cut(rest, []byte{comma})
			if trim {
				field = bytes.TrimRight(field, " \t")
			}
			// The ="…" of spreadsheets is explained when the serial number is read.
			if bytes.IndexByte(field, '"') >= 0 && field[0] != '=' {
				return fields, malformed("a quotation mark in a field that is not quoted")
			}
		}
		fields = append(fields, field)
	}
	return fields, nil
}

// unquote returns a field, given the bytes after its opening quotation mark, and the
// rest after the closing one. It works in place.
func unquote(b []byte) (field, rest []byte, ok bool) {
	n := 0
	for i := 0; i < len(b); i++ {
		if b[i] == '"' {
			if i+1 == len(b) || b[i+1] != '"' {
				return b[:n], b[i+1:], true
			}
			i++
		}
		b[n] = b[i]
		n++
	}
	return nil, nil, false
}

// appendHex appends a seed in hexadecimal, and wipes its own copy of the bytes.
func appendHex(dst []byte, seed token.Seed) []byte {
	b := seed.Bytes()
	defer clear(b)
	return hex.AppendEncode(dst, b)
}

// appendSerial appends the serial number. Most servers do not accept a token without
// one.
func appendSerial(dst []byte, r *Record) ([]byte, error) {
	s := r.SerialText()
	if s == "" {
		return dst, badValue("serial number", "missing: the format requires one")
	}
	return append(dst, s...), nil
}

// appendText appends a name as a column, in quotes if needed. It refuses a name that a
// spreadsheet would run as a formula; altering it would write a different name. A
// spreadsheet separates cells at commas or at semicolons, depending on its language.
// The full-width signs are those that Japanese spreadsheets accept.
func appendText(dst []byte, field, s string, comma byte) ([]byte, error) {
	if s == "" {
		return dst, nil
	}
	for _, cell := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == '\t' }) {
		if c, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, " \"")); strings.ContainsRune("=+-@\r＝＋－＠", c) {
			where := "begins"
			if !strings.HasPrefix(s, cell) {
				where = "has a part that begins"
			}
			return dst, badValue(field, "%s with %q: a spreadsheet that opens the file would run it as a formula", where, c)
		}
	}
	if err := text(field, s); err != nil {
		return dst, err
	}
	if !strings.ContainsAny(s, `"`) && strings.IndexByte(s, comma) < 0 {
		return append(dst, s...), nil
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(s, `"`, `""`)...)
	return append(dst, '"'), nil
}
