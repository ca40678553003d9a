// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
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
