// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// pskcVerify reads a whole file, verifies its signature (RFC 6030 section 7)
// and returns the XML that the signature covers, to be parsed in place of the
// file, and the lines of the file before it. Whatever lies in the file besides
// never reaches the parser, so that no element can pass for a signed one. The
// certificate in the file must be one of those trusted, and valid at present.
func pskcVerify(r io.Reader, trusted []byte, warn func(string, ...any)) (signed []byte, lines int, err error) {
	roots, err := parseCertificates(trusted)
	if err != nil {
		return nil, 0, fmt.Errorf("trusted: %w", err)
	}
	file, err := pskcReadAll(r)
	if err != nil {
		return nil, 0, &Error{Format: pskcFormatName, Err: err}
	}
	lines, err = pskcLimits(file)
	if err != nil {
		return nil, 0, err
	}
	fail := func(err error) error {
		return &Error{Format: pskcFormatName, Field: "Signature", Err: fmt.Errorf("%w: %w", ErrSignature, err)}
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(bytes.TrimPrefix(file, utf8BOM)); err != nil {
		return nil, 0, fail(err)
	}
	signatures := pskcSignatures(doc.Root())
	if n := len(signatures); n != 1 {
		return nil, 0, fail(fmt.Errorf("the file has %d signatures, and not one", n))
	}
	// The library looks for it among the first 1000 elements. It does not cover
	// itself, so that nothing that is signed depends on its place.
	doc.Root().InsertChildAt(0, signatures[0])
	context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: roots})
	context.IdAttribute = "Id"
	root, err := context.Validate(doc.Root())
	switch {
	case errors.Is(err, etreeutils.ErrTraversalLimit):
		return nil, 0, &Error{Format: pskcFormatName, Field: "Signature", Err: fmt.Errorf("%w: more elements than a signature has", ErrLimit)}
	case err != nil:
		return nil, 0, fail(err)
	}
	if signedWithSHA1(signatures[0]) { // what pskctool --sign makes
		warn("the signature uses SHA-1: someone who can choose what is signed can forge it")
	}
	out := etree.NewDocument()
	out.WriteSettings = pskcCanonical
	out.SetRoot(root)
	signed, err = out.WriteToBytes()
	if err != nil {
		return nil, 0, fail(err)
	}
	return signed, lines, nil
}

// signedWithSHA1 looks for SHA-1 in the attributes as they were parsed: in the
// file they may be written with entities.
func signedWithSHA1(signature *etree.Element) bool {
	for _, e := range signature.FindElements(".//*") {
		switch e.Tag {
		case dsig.SignatureMethodTag, dsig.DigestMethodTag:
			if strings.HasSuffix(strings.ToLower(e.SelectAttrValue(dsig.AlgorithmAttr, "")), "sha1") {
				return true
			}
		}
	}
	return false
}

// pskcSignatures are the ds:Signature of the container. One in an extension is
// not the container's.
func pskcSignatures(root *etree.Element) []*etree.Element {
	var all []*etree.Element
	for _, e := range root.ChildElements() {
		if e.Tag == dsig.SignatureTag && e.NamespaceURI() == nsDS {
			all = append(all, e)
		}
	}
	return all
}
