// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
)

// pskcLimiter counts the things for which libraries without limits would use memory or
// time.
type pskcLimiter struct {
	nodes, comments int
	depth           int
	spaces          [pskcMaxDepth]int // namespace declarations, by depth
}

// take counts a token. The error wraps [ErrLimit], [ErrSyntax] or [ErrUnsupported].
func (l *pskcLimiter) take(tok xml.Token) error {
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
	guard, err := newPSKCGuard(buffered(bytes.NewReader(file)))
	if err != nil {
		return 0, &Error{Format: pskcFormatName, Line: 1, Err: err}
	}
	d := xml.NewDecoder(guard)
	d.CharsetReader = pskcCharset
	p := pskcParser{d: d, guard: guard}
	p.stack[0].seen[0] = 1<<elContainer | 1<<elPackage // for tokenError
	var limiter pskcLimiter
	for root := false; ; {
		guard.next()
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
		if err := limiter.take(tok); err != nil {
			return 0, p.fail(elDocument, "", err)
		}
		if _, ok := tok.(xml.StartElement); ok && !root {
			root = true
			lines = bytes.Count(file[:d.InputOffset()], []byte("\n"))
		}
	}
}
