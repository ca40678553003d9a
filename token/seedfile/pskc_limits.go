// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
)

// pskcLimits holds a file to the limits of the parser before libraries without
// any take it, and returns the lines before the root element.
func pskcLimits(file []byte) (lines int, err error) {
	guard, err := newPSKCGuard(buffered(bytes.NewReader(file)))
	if err != nil {
		return 0, &Error{Format: pskcFormatName, Line: 1, Err: err}
	}
	d := xml.NewDecoder(guard)
	d.CharsetReader = pskcCharset
	p := pskcParser{d: d, guard: guard}
	p.stack[0].seen[0] = 1<<elContainer | 1<<elPackage // for tokenError
	for depth, root := 0, false; ; {
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
		switch t := tok.(type) {
		case xml.StartElement:
			if attributeTwice(t.Attr) { // of which the library would take the last
				return 0, p.fail(elDocument, "", fmt.Errorf("%w: an attribute twice in one element", ErrSyntax))
			}
			if !root {
				root = true
				lines = bytes.Count(file[:d.InputOffset()], []byte("\n"))
			}
			if depth++; depth >= pskcMaxDepth {
				return 0, p.fail(elDocument, "", fmt.Errorf("%w: more than %d elements in each other", ErrLimit, pskcMaxDepth-1))
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return 0, p.fail(elDocument, "DOCTYPE", fmt.Errorf("%w: a DOCTYPE, and with it entities", ErrUnsupported))
		}
	}
}
