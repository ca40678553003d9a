// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"crypto/rsa"
	"fmt"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
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
