// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // for crypto.SHA1
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

var errPSKCPrivate = errors.New("the private key is not an RSA key in PEM (PKCS#8 or PKCS#1)")

// parsePrivate reads an RSA private key. The error wraps [ErrValue] and contains
// nothing of the key.
func parsePrivate(data []byte) (*rsa.PrivateKey, error) {
	bad := fmt.Errorf("%w: %w", ErrValue, errPSKCPrivate)
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, bad
	}
	defer clear(block.Bytes)
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if any, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if key, ok := any.(*rsa.PrivateKey); ok {
			return key, nil
		}
	}
	return nil, bad
}

// parseCertificates reads all certificates in a PEM text. The error wraps
// [ErrValue].
func parseCertificates(data []byte) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%w: certificate: %w", ErrValue, err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: no certificate in PEM", ErrValue)
	}
	return all, nil
}

// pskcHashes are the digests of RSA-OAEP and its mask, by URI.
var pskcHashes = map[string]crypto.Hash{
	"":                      crypto.SHA1, // XML Encryption section 5.4.2
	nsDS + "sha1":           crypto.SHA1,
	nsXENC + "sha256":       crypto.SHA256,
	nsXENC + "sha512":       crypto.SHA512,
	nsXENC11 + "mgf1sha1":   crypto.SHA1,
	nsXENC11 + "mgf1sha256": crypto.SHA256,
	nsXENC11 + "mgf1sha512": crypto.SHA512,
}

// openRSA decrypts. A wrong key or ciphertext is [ErrMAC], without a more detailed
// reason.
func openRSA(key *rsa.PrivateKey, mode pskcMode, v *pskcValue, sealed []byte) ([]byte, error) {
	if mode == modeRSA15 {
		// RSA 1.5 is needed to read files like figure 8 of the RFC. A padding oracle
		// must answer many queries; a program that reads a file once does not.
		//lint:ignore SA1019 read, and not written
		out, err := rsa.DecryptPKCS1v15(nil, key, sealed)
		if err != nil {
			return nil, ErrMAC
		}
		return out, nil
	}
	hash, ok := pskcHashes[v.digest]
	if !ok {
		return nil, fmt.Errorf("%w: DigestMethod %s", ErrUnsupported, quoteKnown(v.digest))
	}
	mgf := crypto.SHA1
	if mode == modeOAEP11 {
		if mgf, ok = pskcHashes[v.mgf]; !ok {
			return nil, fmt.Errorf("%w: MGF %s", ErrUnsupported, quoteKnown(v.mgf))
		}
	}
	if v.label {
		return nil, fmt.Errorf("%w: OAEPparams", ErrUnsupported)
	}
	out, err := key.Decrypt(nil, sealed, &rsa.OAEPOptions{Hash: hash, MGFHash: mgf})
	if err != nil {
		return nil, ErrMAC
	}
	return out, nil
}

// sealRSA encrypts with RSA-OAEP, SHA-1 and MGF1 with SHA-1. That is rsa-oaep-mgf1p
// without a DigestMethod, which every importer supports. OAEP does not require
// collision resistance of its hash.
func sealRSA(key *rsa.PublicKey, plain []byte) ([]byte, error) {
	return rsa.EncryptOAEP(crypto.SHA1.New(), rand.Reader, key, plain, nil)
}
