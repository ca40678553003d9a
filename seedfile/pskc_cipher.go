// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	_ "crypto/sha1" // for crypto.SHA1
	"crypto/sha256"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"io"
)

// pskcMode is the mode of an encryption algorithm.
type pskcMode uint8

const (
	modeCBC     pskcMode = iota + 1
	modeWrap             // RFC 3394
	modeWrapPad          // RFC 5649
	modeRSA15
	modeOAEP   // rsa-oaep-mgf1p: MGF1 with SHA-1
	modeOAEP11 // xmlenc11#rsa-oaep: MGF names the hash
)

// pskcCipher is an encryption algorithm of RFC 6030 section 6.
type pskcCipher struct {
	mode    pskcMode
	keySize int // bytes; 0 for RSA
}

// The algorithms, by URI. RFC 6030 sections 6.1 and 6.3 recommend AES-128-CBC,
// KW-AES128 and RSA-1.5, and name the others.
var pskcCiphers = map[string]pskcCipher{
	nsXENC + "aes128-cbc":       {modeCBC, 16},
	nsXENC + "aes192-cbc":       {modeCBC, 24},
	nsXENC + "aes256-cbc":       {modeCBC, 32},
	nsXENC + "kw-aes128":        {modeWrap, 16},
	nsXENC + "kw-aes192":        {modeWrap, 24},
	nsXENC + "kw-aes256":        {modeWrap, 32},
	nsXENC11 + "kw-aes-128-pad": {modeWrapPad, 16},
	nsXENC11 + "kw-aes-192-pad": {modeWrapPad, 24},
	nsXENC11 + "kw-aes-256-pad": {modeWrapPad, 32},
	nsXENC + "rsa_1_5":          {mode: modeRSA15},
	nsXENC + "rsa-oaep-mgf1p":   {mode: modeOAEP},
	nsXENC11 + "rsa-oaep":       {mode: modeOAEP11},
}

const (
	pskcOAEP     = nsXENC + "rsa-oaep-mgf1p"
	pskcPBKDF2   = nsPKCS5 + "pbkdf2"
	pskcHMACSHA1 = nsDS + "hmac-sha1"
	// RFC 6030 section 6.1.1 has the URIs of RFC 4051.
	pskcHMACSHA256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
)

// pskcMACs are the MACs of ValueMAC.
var pskcMACs = map[string]func() hash.Hash{
	pskcHMACSHA1:   sha1.New,
	pskcHMACSHA256: sha256.New,
}

// pskcCBC and pskcKW return the URI for a key of that many bytes.
func pskcCBC(size int) string { return fmt.Sprintf("%saes%d-cbc", nsXENC, size*8) }

func pskcKW(size int, padded bool) string {
	if padded {
		return fmt.Sprintf("%skw-aes-%d-pad", nsXENC11, size*8)
	}
	return fmt.Sprintf("%skw-aes%d", nsXENC, size*8)
}

// sealCBC encrypts with a random IV in front (XML Encryption section 5.2) and
// PKCS#5 padding (RFC 6030 section 6.4).
func sealCBC(key, plain []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	out := make([]byte, aes.BlockSize+len(plain)+pad)
	if _, err := io.ReadFull(rand.Reader, out[:aes.BlockSize]); err != nil {
		return nil, err
	}
	body := out[aes.BlockSize:]
	copy(body, plain)
	copy(body[len(plain):], bytes.Repeat([]byte{byte(pad)}, pad))
	cipher.NewCBCEncrypter(block, out[:aes.BlockSize]).CryptBlocks(body, body)
	return out, nil
}

// openCBC reverses sealCBC. Every failure is [ErrMAC]: a separate error for wrong
// padding would help an attacker.
func openCBC(key, sealed []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < 2*aes.BlockSize || len(sealed)%aes.BlockSize != 0 {
		return nil, ErrMAC
	}
	out := make([]byte, len(sealed)-aes.BlockSize)
	cipher.NewCBCDecrypter(block, sealed[:aes.BlockSize]).CryptBlocks(out, sealed[aes.BlockSize:])
	pad := int(out[len(out)-1])
	if pad == 0 || pad > aes.BlockSize || !bytes.Equal(out[len(out)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		clear(out)
		return nil, ErrMAC
	}
	return out[:len(out)-pad], nil
}

// The rest of this file is AES key wrap: RFC 3394, and RFC 5649 for any number of bytes.
// The available libraries export only one of the two, or neither. The tests use the
// vectors of the RFCs.

const (
	kwIV    = 0xA6A6A6A6A6A6A6A6 // RFC 3394 section 2.2.3.1
	kwpIV   = 0xA65959A6         // RFC 5649 section 3, before the length
	kwBlock = 8                  // bytes in a semiblock; n semiblocks are wrapped
)

var errUnwrap = errors.New("does not unwrap")

// wrapKey wraps b, of 1 byte or more, with an AES key. It uses RFC 3394 if b has at
// least 16 bytes and a multiple of 8, and otherwise RFC 5649; padded reports the
// second. An invalid key gives the error of aes.NewCipher.
func wrapKey(kek, b []byte) (wrapped []byte, padded bool, err error) {
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, false, err
	}
	iv := uint64(kwIV)
	if padded = len(b)%kwBlock != 0 || len(b) < 2*kwBlock; padded {
		iv = kwpIV<<32 | uint64(len(b))
	}
	n := (len(b) + kwBlock - 1) / kwBlock
	out := make([]byte, (n+1)*kwBlock)
	binary.BigEndian.PutUint64(out, iv)
	copy(out[kwBlock:], b)
	if n == 1 { // RFC 5649 section 4.1: one block, no rounds
		block.Encrypt(out, out)
		return out, padded, nil
	}
	var x [2 * kwBlock]byte
	copy(x[:kwBlock], out)
	for t := 1; t <= 6*n; t++ { // RFC 3394 section 2.2.1
		r := out[((t-1)%n+1)*kwBlock:][:kwBlock]
		copy(x[kwBlock:], r)
		block.Encrypt(x[:], x[:])
		copy(r, x[kwBlock:])
		kwXor(x[:kwBlock], t)
	}
	copy(out, x[:kwBlock])
	return out, padded, nil
}

// unwrapKey reverses wrapKey; padded selects the algorithm. It returns errUnwrap for
// the wrong algorithm, a wrong key or changed bytes. Because the caller selects one
// algorithm, the check value has its full strength of 64 bits.
func unwrapKey(kek, wrapped []byte, padded bool) ([]byte, error) {
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	n := len(wrapped)/kwBlock - 1
	if len(wrapped)%kwBlock != 0 || n < 1 || n == 1 && !padded {
		return nil, errUnwrap
	}
	out := append([]byte(nil), wrapped...)
	if n == 1 {
		block.Decrypt(out, out)
	} else {
		unwrapRounds(block, out, n)
	}
	iv, b := binary.BigEndian.Uint64(out), out[kwBlock:]
	if !padded {
		if iv != kwIV {
			return nil, errUnwrap
		}
		return b, nil
	}
	size := int(iv & 0xFFFFFFFF)
	if iv>>32 != kwpIV || size > len(b) || size <= len(b)-kwBlock {
		return nil, errUnwrap
	}
	var zero [kwBlock]byte
	if subtle.ConstantTimeCompare(b[size:], zero[:len(b)-size]) != 1 {
		return nil, errUnwrap
	}
	return b[:size], nil
}

// unwrapRounds are the rounds of RFC 3394 section 2.2.2.
func unwrapRounds(block cipher.Block, out []byte, n int) {
	var x [2 * kwBlock]byte
	copy(x[:kwBlock], out)
	for t := 6 * n; t > 0; t-- {
		r := out[((t-1)%n+1)*kwBlock:][:kwBlock]
		kwXor(x[:kwBlock], t)
		copy(x[kwBlock:], r)
		block.Decrypt(x[:], x[:])
		copy(r, x[kwBlock:])
	}
	copy(out, x[:kwBlock])
}

// kwXor XORs the number of the round into A.
func kwXor(a []byte, t int) {
	binary.BigEndian.PutUint64(a, binary.BigEndian.Uint64(a)^uint64(t))
}

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
