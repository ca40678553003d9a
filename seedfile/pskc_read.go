// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// pskcReader makes records from the elements that a [pskcParser] finds.
type pskcReader struct {
	pskcParser
	o     ReadOptions
	rec   int  // line of the last record
	short bool // a warning about a short seed was given
	err   error
}

// newPSKCReader verifies the signature first if o.Keys.Trusted is set.
func newPSKCReader(r *bufio.Reader, o ReadOptions) (Reader, error) {
	o.reported = map[string]bool{}
	p := &pskcReader{o: o}
	p.skips = o.Skip != nil
	p.warn = func(format string, args ...any) { p.once(p.o.warn, format, args...) }
	p.left = func(format string, args ...any) { p.once(p.o.leftOut, format, args...) }
	if o.Keys.Trusted != nil {
		signed, lines, err := pskcVerify(r, o.Keys.Trusted, p.warn)
		if err != nil {
			return nil, err
		}
		r = bufio.NewReader(bytes.NewReader(signed))
		p.verified, p.linesOff = true, lines
	}
	source, err := newPSKCSource(r)
	if err != nil {
		return nil, &Error{Format: pskcFormatName, Line: 1, Err: err}
	}
	p.source, p.d = source, xml.NewDecoder(source)
	p.d.CharsetReader = pskcCharset
	return p, nil
}

// once reports each thing once. The part of a text that changes from line to line comes
// before ": ".
func (p *pskcReader) once(report func(string, ...any), format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	thing := text
	if line, rest, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(line, "line ") {
		thing = rest
	}
	p.o.once(report, thing, text)
}

// Read returns the next record.
func (p *pskcReader) Read() (Record, error) {
	if p.err != nil {
		return Record{}, p.err
	}
	for {
		if p.err = p.next(); p.err != nil {
			return Record{}, p.err
		}
		r, err := p.recordOrPostponed()
		switch {
		case err == nil:
			p.rec = p.key.line
			return r, nil
		case !p.skips || !errors.Is(err, ErrUnsupported):
			p.err = err
			return Record{}, err
		}
		p.o.Skip(err)
	}
}

func (p *pskcReader) recordOrPostponed() (Record, error) {
	if p.postponed == nil {
		return p.record()
	}
	var r Record
	_ = p.serial(&r) // for its name
	r.KeyID = p.key.id
	return Record{}, p.named(&r, p.postponed)
}

// Line returns the line of the record's KeyPackage. In a file with a verified signature
// it counts lines of the canonical XML. That has the line ends inside tags and before
// the root element only if the signature covers them.
func (p *pskcReader) Line() int { return p.rec }

// version checks the attribute of KeyContainer (RFC 6030 section 1.2). A higher minor
// version is compatible; a higher major version is another format.
func (p *pskcParser) version(v string) error {
	if v == "" {
		return p.fail(elContainer, "Version", fmt.Errorf("%w: the attribute is missing", ErrSyntax))
	}
	major, minor, ok := strings.Cut(v, ".")
	a, err1 := strconv.ParseUint(major, 10, 16)
	b, err2 := strconv.ParseUint(minor, 10, 16)
	switch {
	case !ok || err1 != nil || err2 != nil:
		return p.fail(elContainer, "Version", fmt.Errorf("%w: not a version number", ErrValue))
	case a != 1:
		return p.fail(elContainer, "Version", fmt.Errorf("%w: a PSKC version other than 1", ErrUnsupported))
	case b != 0:
		p.lenient = true
		p.left("version 1.%d of PSKC: its additions are skipped", b)
	}
	return nil
}

// pskcReadAll reads all of r, up to the limit for files with signatures.
func pskcReadAll(r io.Reader) ([]byte, error) {
	all, err := io.ReadAll(io.LimitReader(r, pskcMaxSigned+1))
	if err == nil && len(all) > pskcMaxSigned {
		err = errPSKCSigned
	}
	return all, err
}

var errPSKCSigned = fmt.Errorf("%w: a signed file may have at most %d MiB: split it", ErrLimit, pskcMaxSigned>>20)
