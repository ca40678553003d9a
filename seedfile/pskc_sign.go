// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// pskcSigner signs a container with RSA, SHA-256 and exclusive canonical XML.
type pskcSigner struct{ context *dsig.SigningContext }

// newPSKCSigner checks that the key matches the certificate. The error wraps
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
		return nil, fmt.Errorf("%w: signer: the certificate does not belong to the private key", ErrValue)
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
	signed, err := doc.WriteToBytes()
	if err == nil && len(signed) > pskcMaxSigned { // the end tags have made it longer
		err = errPSKCSigned
	}
	return signed, err
}

// pskcCanonical writes XML that is read back unchanged.
var pskcCanonical = etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true, CanonicalEndTags: true}

// pskcVerify reads a whole file, verifies its signature (RFC 6030 section 7) and
// returns the XML that the signature covers, and the number of lines before it. The
// caller parses that XML instead of the file: nothing else in the file reaches the
// parser, and no element can pass for a signed one. The certificate in the file must be
// one of the trusted ones, and currently valid.
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
		return nil, 0, fail(fmt.Errorf("the file has %d signatures, want one", n))
	}
	// The library looks for the signature among the first 1000 elements only. The
	// signature does not cover itself, so it can be moved.
	doc.Root().InsertChildAt(0, signatures[0])
	context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: roots})
	context.IdAttribute = "Id"
	root, err := context.Validate(doc.Root())
	switch {
	case errors.Is(err, etreeutils.ErrTraversalLimit):
		return nil, 0, &Error{Format: pskcFormatName, Field: "Signature", Err: fmt.Errorf("%w: too many elements in the signature", ErrLimit)}
	case err != nil:
		return nil, 0, fail(err)
	}
	if signedWithSHA1(signatures[0]) { // as pskctool --sign does
		warn("the signature uses SHA-1: an attacker who can choose the signed data can forge it")
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

// signedWithSHA1 looks for SHA-1 in the parsed attributes, because the file may write
// them with entities.
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

// pskcSignatures returns the ds:Signature elements of the container, without those in
// an extension.
func pskcSignatures(root *etree.Element) []*etree.Element {
	var all []*etree.Element
	for _, e := range root.ChildElements() {
		if e.Tag == dsig.SignatureTag && e.NamespaceURI() == nsDS {
			all = append(all, e)
		}
	}
	return all
}
