// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"crypto/rsa"
	"encoding/xml"
	"fmt"
	"io"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
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
	if n := countSignatures(doc.Root()); n != 1 {
		return nil, 0, fail(fmt.Errorf("the file has %d signatures, and not one", n))
	}
	context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: roots})
	context.IdAttribute = "Id"
	root, err := context.Validate(doc.Root())
	if err != nil {
		return nil, 0, fail(err)
	}
	for _, weak := range []string{dsig.RSASHA1SignatureMethod, dsig.ECDSASHA1SignatureMethod} {
		if bytes.Contains(file, []byte(weak)) { // what pskctool --sign makes
			warn("the signature is made with SHA-1, which can be forged by who may choose what is signed")
		}
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

// pskcCanonical is how XML is written so that it reads as it was.
var pskcCanonical = etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true, CanonicalEndTags: true}

// countSignatures counts the ds:Signature of the container. One in an extension
// is not the container's.
func countSignatures(root *etree.Element) int {
	n := 0
	for _, e := range root.ChildElements() {
		if e.Tag == dsig.SignatureTag && e.NamespaceURI() == nsDS {
			n++
		}
	}
	return n
}

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
		switch tok.(type) {
		case xml.StartElement:
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

// pskcSigner signs a container with RSA and SHA-256, exclusive canonical XML.
type pskcSigner struct{ context *dsig.SigningContext }

// newPSKCSigner checks that key and certificate belong together. The error wraps
// [ErrValue].
func newPSKCSigner(s *Signer) (*pskcSigner, error) {
	key, err := parsePrivate(s.Private)
	if err != nil {
		return nil, fmt.Errorf("signer: %w", err)
	}
	certificates, err := parseCertificates(s.Certificate)
	if err != nil {
		return nil, fmt.Errorf("signer: %w", err)
	}
	if public, ok := certificates[0].PublicKey.(*rsa.PublicKey); !ok || !public.Equal(&key.PublicKey) {
		return nil, fmt.Errorf("%w: signer: the certificate is not that of the private key", ErrValue)
	}
	context, err := dsig.NewSigningContext(key, [][]byte{certificates[0].Raw})
	if err != nil {
		return nil, fmt.Errorf("signer: %w", err)
	}
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	context.IdAttribute = "Id"
	return &pskcSigner{context}, nil
}

// sign returns the file with a Signature as the last element.
func (s *pskcSigner) sign(file []byte) ([]byte, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(file); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	root, err := s.context.SignEnveloped(doc.Root())
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	doc.SetRoot(root)
	doc.WriteSettings = pskcCanonical
	return doc.WriteToBytes()
}
