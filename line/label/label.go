// SPDX-License-Identifier: Apache-2.0

// Package label draws the labels of programmed tokens, as ZPL II for label printers and
// as PDF.
//
// A [Template] is the layout of the fields of a [Label]. [TemplateByName] returns a
// built-in one, and [ParseTemplate] reads one from text. Call [Template.Check] when an
// order is read: a label that cannot be printed is then found before the first token is
// made. Package printer, the sibling, sends the result to a printer.
//
// A Label has no seed, and no template can print one.
package label

import (
	"fmt"
	"strconv"
	"unicode"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

var (
	// ErrTemplate is the error for a template that cannot be read.
	ErrTemplate = errclass.New(errclass.Usage, "invalid label template")
	// ErrField is the error for a label whose contents do not fit its template or cannot be
	// printed.
	ErrField = errclass.New(errclass.Usage, "the label cannot be printed")
	// ErrOptions is the error for options that a printer or a page does not allow.
	ErrOptions = errclass.New(errclass.Usage, "invalid options for labels")
)

// Label is the contents of the label of one token. Serial is required.
type Label struct {
	Serial   token.Serial
	Expiry   token.Expiry // printed in the format of back labels, as 11/30/31
	Model    string
	Customer string
	Order    string // the number of the order
	Port     int    // the port at which the token was programmed, from 1; 0 prints nothing
}

// field is a placeholder of a template.
type field struct {
	name  string
	value func(*Label) string
}

var fields = []field{
	{"serial", func(l *Label) string { return l.Serial.String() }},
	{"expiry", func(l *Label) string { return l.Expiry.BackLabel() }},
	{"model", func(l *Label) string { return l.Model }},
	{"customer", func(l *Label) string { return l.Customer }},
	{"order", func(l *Label) string { return l.Order }},
	{"port", func(l *Label) string {
		if l.Port == 0 {
			return ""
		}
		return strconv.Itoa(l.Port)
	}},
}

// printable reports whether a printer can print the character. The replacement
// character stands for bytes that are not UTF-8.
func printable(r rune) bool { return unicode.IsGraphic(r) && r != unicode.ReplacementChar }

func (l *Label) validate() error {
	if l.Serial.IsZero() {
		return fmt.Errorf("%w: it has no serial number", ErrField)
	}
	if l.Port < 0 {
		return fmt.Errorf("%w: port %d, want 1 or more, or 0 for none", ErrField, l.Port)
	}
	for _, f := range fields {
		for _, r := range f.value(l) {
			if !printable(r) {
				return fmt.Errorf("%w: the %s %q contains the character %q, which cannot be printed", ErrField, f.name, f.value(l), r)
			}
		}
	}
	return nil
}
