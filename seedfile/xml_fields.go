// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"
)

// texts holds the texts of child elements by name. Each may occur once.
type texts map[string]string

// set reads the text of an element.
func (t texts) set(x *xmlScanner, e xml.StartElement) error {
	name := e.Name.Local
	if _, twice := t[name]; twice {
		return malformed("duplicate element %s", name)
	}
	s, err := x.text()
	t[name] = s
	return err
}

// setAll reads the texts of the elements with these names inside the current one.
func (t texts) setAll(x *xmlScanner, names ...string) error {
	return x.each(func(e xml.StartElement) error {
		if slices.Contains(names, e.Name.Local) {
			return t.set(x, e)
		}
		return x.unknown(e)
	})
}

// attributeTwice reports whether an attribute occurs twice. XML forbids it (XML 1.0
// section 3.1) but the decoder does not check.
func attributeTwice(attrs []xml.Attr) bool {
	const small = 8 // checked without an allocation
	if len(attrs) > small {
		seen := make(map[xml.Name]bool, len(attrs))
		for i := range attrs {
			if seen[attrs[i].Name] {
				return true
			}
			seen[attrs[i].Name] = true
		}
		return false
	}
	for i := range attrs {
		for j := range i {
			if attrs[i].Name == attrs[j].Name {
				return true
			}
		}
	}
	return false
}

// attribute returns an attribute without a namespace, or "" for none.
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// hashAttribute returns the hash that an attribute of Suite names, as in privacyIDEA's
// export, or "" for none.
func hashAttribute(attrs []xml.Attr) string {
	for _, a := range attrs {
		if strings.EqualFold(a.Name.Local, "hashalgo") && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// appendElement appends <name>text</name> and a line feed.
func appendElement(dst []byte, indent, name, text string) []byte {
	dst = append(dst, indent...)
	dst = append(dst, '<')
	dst = append(dst, name...)
	dst = append(dst, '>')
	dst = appendEscaped(dst, text)
	dst = append(dst, "</"...)
	dst = append(dst, name...)
	return append(dst, ">\n"...)
}

// appendElementIf is appendElement, unless the text is empty.
func appendElementIf(dst []byte, indent, name, text string) []byte {
	if text == "" {
		return dst
	}
	return appendElement(dst, indent, name, text)
}

func appendEscaped(dst []byte, s string) []byte {
	b := bytes.NewBuffer(dst)
	_ = xml.EscapeText(b, []byte(s)) // writing to a buffer cannot fail
	return b.Bytes()
}

// rootElement returns the name of the first element in a file's head, without its
// prefix, or "" for none.
func rootElement(head []byte) string {
	rest := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for {
		rest = bytes.TrimLeft(rest, " \t\r\n")
		switch {
		case bytes.HasPrefix(rest, []byte("<?")):
			_, rest, _ = bytes.Cut(rest, []byte("?>"))
		case bytes.HasPrefix(rest, []byte("<!--")):
			_, rest, _ = bytes.Cut(rest, []byte("-->"))
		case bytes.HasPrefix(rest, []byte("<")):
			name := rest[1:]
			if i := bytes.IndexAny(name, " \t\r\n/>"); i >= 0 {
				name = name[:i]
			}
			if i := bytes.IndexByte(name, ':'); i >= 0 {
				name = name[i+1:]
			}
			return string(name)
		default:
			return ""
		}
	}
}
