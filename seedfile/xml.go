// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of the memory that a hostile XML file can occupy at once.
const (
	maxXMLToken = 16 << 10 // bytes in a tag or between two tags
	maxXMLDepth = 16
)

var (
	errEncoding = unsupported("an encoding other than UTF-8: save the file as UTF-8")
	errXMLToken = fmt.Errorf("%w: a tag or text of more than %d bytes", ErrLimit, maxXMLToken)
)

// xmlScanner walks through the elements of an XML file. It refuses document types, and
// with them entities defined in the file.
type xmlScanner struct {
	d       *xml.Decoder
	source  *xmlSource
	format  string
	options ReadOptions
	depth   int
	line    int // start of the record's element
}

func newXMLScanner(format string, b *bufio.Reader, o ReadOptions) (*xmlScanner, error) {
	if err := skipBOM(b); err != nil {
		return nil, locate(format, 0, nil, err)
	}
	x := &xmlScanner{source: &xmlSource{r: b, most: maxXMLToken, tooLarge: errXMLToken}, format: format, options: o}
	x.d = xml.NewDecoder(x.source)
	x.d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(charset, "us-ascii") || strings.HasPrefix(strings.ToLower(charset), "utf-16") {
			return in, nil // UTF-16 is already converted, so the input should be UTF-8; the decoder detects invalid bytes
		}
		return nil, errEncoding
	}
	return x, nil
}

// token returns the next start, end or text. It returns io.EOF at the end of a complete
// file.
func (x *xmlScanner) token() (xml.Token, error) {
	for {
		x.source.next()
		t, err := x.d.Token()
		if err != nil {
			return nil, x.explain(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if x.depth++; x.depth > maxXMLDepth {
				return nil, fmt.Errorf("%w: elements nested more than %d deep", ErrLimit, maxXMLDepth)
			}
			if attributeTwice(t.Attr) {
				return nil, malformed("duplicate attribute")
			}
			return t, nil
		case xml.EndElement:
			x.depth--
			return t, nil
		case xml.CharData:
			return t, nil
		case xml.Directive:
			return nil, unsupported("a document type (<!DOCTYPE …>)")
		}
	}
}

// child returns the start of the next element inside the current one, and false at its
// end. Only white space may come between them.
func (x *xmlScanner) child() (xml.StartElement, bool, error) {
	for {
		t, err := x.token()
		if err != nil {
			return xml.StartElement{}, false, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return t, true, nil
		case xml.EndElement:
			return xml.StartElement{}, false, nil
		case xml.CharData:
			if strings.TrimSpace(string(t)) != "" {
				return xml.StartElement{}, false, malformed("text between elements")
			}
		}
	}
}

// each calls do for the elements inside the current one.
func (x *xmlScanner) each(do func(e xml.StartElement) error) error {
	for {
		e, found, err := x.child()
		if err != nil || !found {
			return err
		}
		if err := do(e); err != nil {
			return err
		}
	}
}

// text returns the text of the current element, which must contain no elements, without
// the surrounding space from indentation.
func (x *xmlScanner) text() (string, error) {
	var b strings.Builder
	for {
		t, err := x.token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return "", malformed("element %s inside a text", nameInMessage(t.Name.Local))
		case xml.EndElement:
			return strings.TrimSpace(b.String()), nil
		case xml.CharData:
			if b.Len()+len(t) > maxXMLToken {
				return "", fmt.Errorf("%w: text of more than %d bytes", ErrLimit, maxXMLToken)
			}
			b.Write(t)
		}
	}
}

// skip skips the rest of the current element.
func (x *xmlScanner) skip() error {
	return x.leave(x.depth)
}

// leave moves to the end of the element at that depth, if the scanner is inside it.
func (x *xmlScanner) leave(depth int) error {
	for x.depth >= depth {
		if _, err := x.token(); err != nil {
			return err
		}
	}
	return nil
}

// root enters the first element, which must have that name.
func (x *xmlScanner) root(name string) error {
	e, found, err := x.child()
	switch {
	case err == io.EOF:
		return malformed("no element %s", name)
	case err != nil:
		return err
	case !found || e.Name.Local != name:
		return malformed("the root element is not %s", name)
	}
	return nil
}

// end checks that nothing follows the outermost element.
func (x *xmlScanner) end() error {
	_, found, err := x.child()
	if err == nil && found {
		err = malformed("an element after the root element")
	}
	return err // io.EOF if nothing follows
}

// unknown skips an element that has no field, and warns of it once.
func (x *xmlScanner) unknown(e xml.StartElement) error {
	if len(x.options.reported) < 20 {
		line, _ := x.d.InputPos()
		x.options.onceAt(x.options.leftOut, x.format, line, "element "+nameInMessage(e.Name.Local)+" is left out")
	}
	return x.skip()
}

// Line returns the line at which the last record began.
func (x *xmlScanner) Line() int { return x.line }

// fail adds the place to an error.
func (x *xmlScanner) fail(r *Record, err error) error {
	line, _ := x.d.InputPos()
	return locate(x.format, line, r, err)
}

// xmlReader reads a format with an element for each record.
type xmlReader struct {
	*xmlScanner
	outer, name string // the names of the root element and of a record's element
	at          int    // depth of a record's element, 2 or more
	record      func(e xml.StartElement, r *Record) error
	other       func(e xml.StartElement) error // reads or enters any other element

	begun, inRecord bool
}

// readXML returns the read function of such a format. start sets the fields of a
// reader.
func readXML(format string, start func(x *xmlReader)) func(*bufio.Reader, ReadOptions) (Reader, error) {
	return newFunc(format, func(b *bufio.Reader, o ReadOptions) (*xmlReader, error) {
		scanner, err := newXMLScanner(format, b, o)
		if err != nil {
			return nil, err
		}
		x := &xmlReader{xmlScanner: scanner}
		start(x)
		return x, nil
	})
}

func (x *xmlReader) Read() (r Record, err error) {
	if err := x.next(&r); err != nil {
		return Record{}, x.fail(&r, err)
	}
	return r, nil
}

// skipRecord moves to the end of the record's element.
func (x *xmlReader) skipRecord() (bool, error) {
	if x.inRecord {
		return true, x.fail(nil, x.leave(x.at))
	}
	return false, nil
}

func (x *xmlReader) next(r *Record) error {
	if !x.begun {
		x.begun = true
		if err := x.root(x.outer); err != nil {
			return err
		}
	}
	for {
		e, found, err := x.child()
		switch {
		case err == io.EOF:
			return malformed("unexpected end of the file")
		case !found && err == nil && x.depth == 0:
			return x.end()
		case found && x.depth == x.at && e.Name.Local == x.name:
			x.line, _ = x.d.InputPos()
			x.inRecord = true
			err = x.record(e, r)
			x.inRecord = err != nil
			return err
		case found:
			err = x.other(e)
		}
		if err != nil {
			return err
		}
	}
}

// xmlSource is the input of an XML decoder. The decoder keeps a whole tag, text or
// comment in memory, even a huge one. The source limits that size.
type xmlSource struct {
	r        *bufio.Reader
	most     int // bytes that may be read before the next call of next
	tooLarge error
	used     int
	err      error // of the file, not about its content
}

// next allows the decoder to read another token.
func (s *xmlSource) next() { s.used = 0 }

// ReadByte is the method that the decoder calls.
func (s *xmlSource) ReadByte() (byte, error) {
	if s.used++; s.used > s.most {
		return 0, s.tooLarge
	}
	c, err := s.r.ReadByte()
	if err != nil && err != io.EOF {
		s.err = err
	}
	return c, err
}

// Read is needed for us-ascii only.
func (s *xmlSource) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := s.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}

// explain converts an error of the decoder. The decoder's texts quote the file, so only
// those that cannot contain a seed are kept.
func (x *xmlScanner) explain(err error) error {
	if x.source.err != nil {
		return x.source.err
	}
	var syntax *xml.SyntaxError
	switch {
	case err == io.EOF, errors.Is(err, ErrLimit):
		return err
	case errors.Is(err, errEncoding):
		return errEncoding // without the name, which comes from the file
	case errors.As(err, &syntax):
		return malformed("XML: %s", xmlMessage(syntax.Msg))
	}
	return malformed("XML: not well-formed")
}
