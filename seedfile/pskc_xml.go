// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// pskcXML appends XML to b. After an error it continues to append, and keeps the error.
type pskcXML struct {
	b   []byte
	err error
}

func (x *pskcXML) raw(s string) { x.b = append(x.b, s...) }

func (x *pskcXML) int(n int64) { x.b = strconv.AppendInt(x.b, n, 10) }

func (x *pskcXML) open(indent, name string) {
	x.raw(indent)
	x.raw("<")
	x.raw(name)
	x.raw(">")
}

func (x *pskcXML) close(name string) {
	x.raw("</")
	x.raw(name)
	x.raw(">\n")
}

// text appends an element with a text, or nothing for "". It refuses surrounding space,
// which a reader would take for indentation.
func (x *pskcXML) text(indent, name, s string) {
	if s == "" {
		return
	}
	if strings.Trim(s, xmlSpace) != s {
		x.fail("%w: %s begins or ends with a space", ErrValue, name)
	}
	x.open(indent, name)
	x.escape(name, s)
	x.close(name)
}

// plain appends a number of Data.
func (x *pskcXML) plain(name string, n int64) {
	x.open("        ", name)
	x.raw("<PlainValue>")
	x.int(n)
	x.raw("</PlainValue>")
	x.close(name)
}

// time appends a date in the canonical form of xs:dateTime (XML Schema part 2, section
// 3.2.7.2): UTC, with a fraction only if it is not zero. It appends nothing for the
// zero time.
func (x *pskcXML) time(indent, name string, t time.Time) {
	if t.IsZero() {
		return
	}
	if t = t.UTC(); t.Year() < 1 || t.Year() > 9999 {
		x.fail("%w: %s in the year %d, want 1 to 9999", ErrValue, name, t.Year())
		return
	}
	x.open(indent, name)
	x.b = t.AppendFormat(x.b, time.RFC3339Nano)
	x.close(name)
}

func (x *pskcXML) fail(format string, args ...any) {
	if x.err == nil {
		x.err = fmt.Errorf(format, args...)
	}
}

// escape appends a text in a form that a parser returns unchanged, including line ends:
// XML 1.0 sections 2.11 and 3.3.3 change those that are not written as references. A
// character that XML cannot represent (section 2.2) is an error.
func (x *pskcXML) escape(field, s string) {
	if len(s) > pskcMaxToken/8 { // escaped as references, it must not exceed the reader's limit
		x.fail("%w: %s of %d bytes, at most %d are allowed", ErrValue, field, len(s), pskcMaxToken/8)
		return
	}
	from := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		var ref string
		switch {
		case r == '&':
			ref = "&amp;"
		case r == '<':
			ref = "&lt;"
		case r == '>':
			ref = "&gt;"
		case r == '"':
			ref = "&#34;"
		case r == '\t':
			ref = "&#9;"
		case r == '\n':
			ref = "&#10;"
		case r == '\r':
			ref = "&#13;"
		case r == utf8.RuneError && size == 1, r < ' ', r == 0xFFFE, r == 0xFFFF:
			x.fail("%w: %s: a character at byte %d that XML does not allow", ErrValue, field, i)
			return
		}
		if ref != "" {
			x.raw(s[from:i])
			x.raw(ref)
			from = i + size
		}
		i += size
	}
	x.raw(s[from:])
}
