// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// pskcLimiter counts the things for which libraries without limits would use memory or
// time.
type pskcLimiter struct {
	nodes, comments int
	depth           int
	spaces          [pskcMaxDepth]int // namespace declarations, by depth
}

// count counts a token. The error wraps [ErrLimit], [ErrSyntax] or [ErrUnsupported].
func (l *pskcLimiter) count(tok xml.Token) error {
	l.nodes++
	switch t := tok.(type) {
	case xml.StartElement:
		l.nodes += len(t.Attr)
		if l.depth++; l.depth >= pskcMaxDepth {
			return fmt.Errorf("%w: more than %d nested elements", ErrLimit, pskcMaxDepth-1)
		}
		if attributeTwice(t.Attr) { // the library would use the last one
			return fmt.Errorf("%w: duplicate attribute", ErrSyntax)
		}
		l.spaces[l.depth] = l.spaces[l.depth-1]
		for _, a := range t.Attr {
			if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
				l.spaces[l.depth]++
			}
		}
		if l.spaces[l.depth] > pskcMaxSpaces {
			return fmt.Errorf("%w: more than %d declarations of namespaces", ErrLimit, pskcMaxSpaces)
		}
	case xml.EndElement:
		l.nodes-- // was counted at its start
		l.depth--
	case xml.Comment:
		if l.comments++; l.comments > pskcMaxComments {
			return fmt.Errorf("%w: more than %d comments in a signed file", ErrLimit, pskcMaxComments)
		}
	case xml.Directive:
		return fmt.Errorf("%w: a document type (<!DOCTYPE …>)", ErrUnsupported)
	}
	if l.nodes > pskcMaxNodes {
		return fmt.Errorf("%w: more than %d elements, attributes and texts in a signed file: split it", ErrLimit, pskcMaxNodes)
	}
	return nil
}

// pskcLimits checks the limits of the parser and of pskcLimiter before a library
// without limits reads the file. It returns the number of lines before the root
// element.
func pskcLimits(file []byte) (lines int, err error) {
	source, err := newPSKCSource(buffered(bytes.NewReader(file)))
	if err != nil {
		return 0, &Error{Format: pskcFormatName, Line: 1, Err: err}
	}
	d := xml.NewDecoder(source)
	d.CharsetReader = pskcCharset
	p := pskcParser{d: d, source: source}
	p.stack[0].seen[0] = 1<<elContainer | 1<<elPackage // for tokenError
	var limiter pskcLimiter
	for root := false; ; {
		source.next()
		tok, err := d.Token()
		p.line, _ = d.InputPos()
		if err != nil {
			if err = p.tokenError(err); err == io.EOF && !root {
				err = p.fail(elDocument, "", fmt.Errorf("%w: there is no KeyContainer", ErrSyntax))
			} else if err == io.EOF {
				err = nil
			}
			return lines, err
		}
		if err := limiter.count(tok); err != nil {
			return 0, p.fail(elDocument, "", err)
		}
		if _, ok := tok.(xml.StartElement); ok && !root {
			root = true
			lines = bytes.Count(file[:d.InputOffset()], []byte("\n"))
		}
	}
}

var utf8BOM = []byte{0xEF, 0xBB, 0xBF}

var errPSKCToken = fmt.Errorf("%w: a tag, text or comment of more than %d bytes", ErrLimit, pskcMaxToken)

// newPSKCSource skips a byte order mark. The error wraps [ErrSyntax] if the file is not
// text in UTF-8.
func newPSKCSource(r *bufio.Reader) (*xmlSource, error) {
	if err := skipBOM(r); err != nil {
		return nil, err
	}
	return &xmlSource{r: r, most: pskcMaxToken, tooLarge: errPSKCToken}, nil
}

// pskcCharset lets the decoder continue if the XML declaration has another name for
// UTF-8. It returns an [Error], because the decoder's own error quotes the name;
// [pskcParser.tokenError] extracts it.
func pskcCharset(name string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "us-ascii", "ascii", "utf8", "utf-16", "utf-16le", "utf-16be": // UTF-16 has been converted
		return r, nil
	}
	return nil, &Error{Err: fmt.Errorf("%w: encoding %s: convert the file to UTF-8", ErrUnsupported, quoteKnown(name))}
}
