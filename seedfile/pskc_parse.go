// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// pskcParser walks through the elements of a file, and stops after each KeyPackage. It
// keeps the texts of the package in key and those about the file's encryption in crypt.
// [pskcReader] interprets them.
type pskcParser struct {
	d      *xml.Decoder
	source *xmlSource
	warn   func(format string, args ...any) // reports each thing once
	left   func(format string, args ...any) // like warn, for data that is left out

	stack    [pskcMaxDepth]pskcFrame
	depth    int    // of the innermost open element; stack[0] is the document
	text     []byte // of the innermost element, if it may contain text
	line     int    // of the current token
	linesOff int    // lines of the file before the decoder's first

	fold     bool       // all names in the file are in lower case
	lenient  bool       // the file's minor version is above 0, so new elements are skipped
	verified bool       // the signature was verified
	value    *pskcValue // destination of PlainValue and similar elements
	key      pskcKey

	skips     bool  // an unsupported KeyPackage does not end the file
	postponed error // error of the current KeyPackage
	crypt     pskcCrypt
}

// pskcFrame is an open element.
type pskcFrame struct {
	elem pskcElem
	line int32
	seen [2]uint64 // children that have occurred
}

// next reads the next KeyPackage, or returns io.EOF at the end of a correct file.
func (p *pskcParser) next() error {
	p.key, p.postponed = pskcKey{usage: p.key.usage[:0]}, nil
	for {
		p.source.next()
		tok, err := p.d.Token()
		line, _ := p.d.InputPos()
		p.line = line + p.linesOff
		if err != nil {
			return p.tokenError(err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			depth := p.depth
			if err = p.start(&t); err != nil && p.postpone(err) {
				// The content of the element is skipped.
				p.depth = depth + 1
				p.stack[p.depth] = pskcFrame{elem: elSkipped, line: int32(p.line)}
				err = nil
			}
		case xml.EndElement:
			var whole bool
			if whole, err = p.end(); whole && err == nil {
				return nil
			}
		case xml.CharData:
			err = p.chars(t)
		case xml.Directive:
			// Outside a DOCTYPE, XML allows no other directive.
			err = p.fail(elDocument, "DOCTYPE", fmt.Errorf("%w: a document type (<!DOCTYPE …>)", ErrUnsupported))
		}
		if err != nil {
			return err
		}
	}
}

// tokenError converts an error of the decoder. Some of its texts quote names and
// entities of the file, which may be a seed; these texts are not passed on.
func (p *pskcParser) tokenError(err error) error {
	var syntax *xml.SyntaxError
	var charset *Error
	switch {
	case err == io.EOF && p.stack[0].has(elPackage):
		return io.EOF
	case err == io.EOF && p.stack[0].has(elContainer):
		err = fmt.Errorf("%w: there is no KeyPackage", ErrSyntax)
	case err == io.EOF:
		err = fmt.Errorf("%w: there is no KeyContainer", ErrSyntax)
	case errors.As(err, &syntax):
		p.line = syntax.Line + p.linesOff
		err = fmt.Errorf("%w: XML: %s", ErrSyntax, xmlMessage(syntax.Msg))
	case errors.As(err, &charset):
		err = charset.Err
	case p.source.err != nil:
		return p.source.err
	case errors.Is(err, ErrLimit):
	default: // about the XML declaration
		err = fmt.Errorf("%w: XML: not well-formed", ErrSyntax)
	}
	return &Error{Format: pskcFormatName, Line: p.line, Err: err}
}

const pskcFormatName = "pskc"

// fail returns an error about the current token.
func (p *pskcParser) fail(parent pskcElem, name string, err error) error {
	field := name
	if parent > elContainer && name != "" {
		field = pskcRules[parent].name + "/" + name
	}
	return &Error{Format: pskcFormatName, Line: p.line, Field: field, Err: err}
}

// postpone keeps an error about the current KeyPackage until its end, for a reader that
// skips unsupported tokens.
func (p *pskcParser) postpone(err error) bool {
	if !p.skips || p.depth < 2 || p.stack[2].elem != elPackage || !errors.Is(err, ErrUnsupported) {
		return false
	}
	if p.postponed == nil {
		p.postponed = err
	}
	return true
}

func (f *pskcFrame) has(e pskcElem) bool { return f.seen[e/64]&(1<<(e%64)) != 0 }

func (p *pskcParser) start(t *xml.StartElement) error {
	parent := &p.stack[p.depth]
	if p.depth+1 == pskcMaxDepth {
		return p.fail(parent.elem, "", fmt.Errorf("%w: more than %d nested elements", ErrLimit, pskcMaxDepth-1))
	}
	if attributeTwice(t.Attr) {
		return p.fail(parent.elem, nameInMessage(t.Name.Local), fmt.Errorf("%w: duplicate attribute", ErrSyntax))
	}
	if p.depth == 0 && t.Name.Local == "keycontainer" { // privacyIDEA's export
		p.fold = true
	}
	elem, ok := parent.elem.find(t.Name.Space, t.Name.Local, p.fold)
	if !ok {
		if err := p.unknown(parent.elem, t.Name); err != nil {
			return err
		}
		elem = elSkipped
	}
	rule := &pskcRules[elem]
	if parent.has(elem) && !rule.many {
		return p.fail(parent.elem, t.Name.Local, fmt.Errorf("%w: duplicate element", ErrSyntax))
	}
	parent.seen[elem/64] |= 1 << (elem % 64)
	p.depth++
	p.stack[p.depth] = pskcFrame{elem: elem, line: int32(p.line)}
	if rule.text {
		p.text = p.text[:0]
	}
	if elem == elSkipped {
		return nil
	}
	return p.enter(parent, elem, t.Attr)
}

// unknown returns nil for an element that should be skipped.
func (p *pskcParser) unknown(parent pskcElem, name xml.Name) error {
	local := nameInMessage(name.Local)
	rule := &pskcRules[parent]
	switch {
	case parent == elSkipped, parent == elX509Data && name.Space == nsDS: // describes the owner of the key
		return nil
	case parent == elDocument && p.stack[0].has(elContainer):
		return p.fail(parent, local, fmt.Errorf("%w: a second root element", ErrSyntax))
	case parent == elDocument && name.Local == "KeyContainer":
		return p.fail(parent, local, fmt.Errorf("%w: namespace %s: a draft of PSKC instead of RFC 6030", ErrUnsupported, quoteKnown(name.Space)))
	case parent == elDocument:
		return p.fail(parent, local, fmt.Errorf("%w: the root element is not KeyContainer", ErrSyntax))
	case rule.text:
		return p.fail(parent, local, fmt.Errorf("%w: an element in a text", ErrSyntax))
	case parent == elPolicy || parent == elPINPolicy:
		return p.fail(parent, local, fmt.Errorf("%w: an unknown policy forbids the use of the key (RFC 6030 section 5)", ErrUnsupported))
	case parent == elContainer && name.Local == "Signature" && (name.Space == nsDS || name.Space == nsPSKC):
		if !p.verified {
			p.warn("the file is signed, but its signature was not checked")
		}
		return nil
	case rule.closed, name.Space == nsPSKC && name.Local != "Extensions" && !p.lenient:
		return p.fail(parent, local, fmt.Errorf("%w: unknown element", ErrUnsupported))
	}
	p.left("line %d: %s in %s is skipped", p.line, local, rule.name)
	return nil
}

// chars accepts text. Only white space may occur between elements.
func (p *pskcParser) chars(t xml.CharData) error {
	elem := p.stack[p.depth].elem
	switch {
	case pskcRules[elem].text:
		if len(p.text)+len(t) > pskcMaxToken { // total of the parts between comments
			return p.fail(elem, "", errPSKCToken)
		}
		p.text = append(p.text, t...)
	case elem == elSkipped || elem == elX509Data: // any text is allowed
	case len(bytes.TrimLeft(t, " \t\r\n")) != 0:
		where := pskcRules[elem].name
		return p.fail(elem, "", fmt.Errorf("%w: text in %s", ErrSyntax, where))
	}
	return nil
}

// end closes an element, and reports whether it was a KeyPackage.
func (p *pskcParser) end() (bool, error) {
	f := &p.stack[p.depth]
	p.depth--
	if !pskcRules[f.elem].text {
		return f.elem == elPackage, nil
	}
	s := string(p.text)
	switch f.elem {
	case elPlainValue, elCipherValue:
		p.value.text = s
	case elValueMAC:
		p.value.mac = s
	case elOAEPParams:
		p.value.label = len(bytes.TrimSpace(p.text)) != 0
	case elKeyName:
		p.crypt.keyName = s
	case elSpecified:
		p.crypt.salt = s
	case elIterationCount:
		p.crypt.iterations = s
	case elKeyLength:
		p.crypt.keyLength = s
	case elKeyUsage:
		const most = 32 // the schema defines 11
		if len(p.key.usage) == most {
			return false, p.fail(elPolicy, "KeyUsage", fmt.Errorf("%w: more than %d", ErrLimit, most))
		}
		p.key.usage = append(p.key.usage, s)
		fallthrough
	default:
		i := f.elem - firstText
		p.key.text[i], p.key.textLine[i] = s, f.line
	}
	return false, nil
}
