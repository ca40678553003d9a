// SPDX-License-Identifier: Apache-2.0

package seedset

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"slices"
)

// The algorithms of RFC 6030 sections 6.1 and 6.2.
const (
	spaceDS     = "http://www.w3.org/2000/09/xmldsig#"
	spaceXENC   = "http://www.w3.org/2001/04/xmlenc#"
	spaceXENC11 = "http://www.w3.org/2009/xmlenc11#"
	spacePKCS5  = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#"

	aes128CBC  = spaceXENC + "aes128-cbc"
	hmacSHA1   = spaceDS + "hmac-sha1"
	hmacSHA256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
	derivation = spacePKCS5 + "pbkdf2"
)

// iterations of PBKDF2. RFC 6030 has no minimum; this one is quick and not refused as too
// weak.
const iterations = 100_000

// seal encrypts the secrets of a file with AES-128-CBC and a MAC.
type seal struct {
	preShared []byte // key to enter, or
	password  string // password to enter
	unnamed   bool   // EncryptionKey without a KeyName

	salt, key, macKey []byte
	macURI            string
	hash              func() hash.Hash
	m                 *maker
}

// preShared returns the encryption of RFC 6030 section 6.1.
func (m *maker) preShared() *seal {
	key := m.bytes(16)
	return &seal{preShared: key, key: key, macKey: m.bytes(sha1.Size), macURI: hmacSHA1, hash: sha1.New, m: m}
}

// password returns the encryption of RFC 6030 section 6.2.
func (m *maker) password() *seal {
	const letters = "abcdefghijkmnpqrstuvwxyz23456789"
	word := m.bytes(12)
	for i := range word {
		word[i] = letters[word[i]%byte(len(letters))]
	}
	s := m.preShared()
	s.preShared, s.password, s.salt = nil, string(word), m.bytes(16)
	var err error
	if s.key, err = pbkdf2.Key(sha1.New, s.password, s.salt, iterations, 16); err != nil {
		panic(err) // only for keys that are too long
	}
	return s
}

// sha256 changes the MAC to HMAC-SHA-256.
func (s *seal) sha256() *seal {
	s.macURI, s.hash = hmacSHA256, sha256.New
	return s
}

func (s *seal) namespaces() string {
	text := ` xmlns:ds="` + spaceDS + `" xmlns:xenc="` + spaceXENC + `"`
	if s.password != "" {
		text += ` xmlns:xenc11="` + spaceXENC11 + `" xmlns:pkcs5="` + spacePKCS5 + `"`
	}
	return text
}

// head returns EncryptionKey and MACMethod.
func (s *seal) head(name func(string) string) string {
	inner := "<ds:KeyName>Pre-shared-key</ds:KeyName>"
	switch {
	case s.unnamed:
		inner = ""
	case s.password != "": // as in figure 7
		inner = fmt.Sprintf(`
    <xenc11:DerivedKey>
      <xenc11:KeyDerivationMethod Algorithm="%s">
        <pkcs5:PBKDF2-params>
          <Salt xmlns=""><Specified>%s</Specified></Salt>
          <IterationCount xmlns="">%d</IterationCount>
          <KeyLength xmlns="">16</KeyLength>
          <PRF xmlns=""/>
        </pkcs5:PBKDF2-params>
      </xenc11:KeyDerivationMethod>
    </xenc11:DerivedKey>
  `, derivation, base64.StdEncoding.EncodeToString(s.salt), iterations)
	}
	return "  <" + name("EncryptionKey") + ">" + inner + "</" + name("EncryptionKey") + ">\n" +
		"  <" + name("MACMethod") + ` Algorithm="` + s.macURI + "\">\n" +
		"    <" + name("MACKey") + ">" + cipherData(s.encrypt(s.macKey)) + "</" + name("MACKey") + ">\n" +
		"  </" + name("MACMethod") + ">\n"
}

// value returns the content of an encrypted Secret. The MAC covers the initialisation
// vector and the ciphertext (RFC 6030 section 6.1.1).
func (s *seal) value(secret []byte, name func(string) string) string {
	sealed := s.encrypt(secret)
	mac := hmac.New(s.hash, s.macKey)
	mac.Write(sealed)
	return "<" + name("EncryptedValue") + ">" + cipherData(sealed) + "</" + name("EncryptedValue") + ">" +
		"<" + name("ValueMAC") + ">" + base64.StdEncoding.EncodeToString(mac.Sum(nil)) + "</" + name("ValueMAC") + ">"
}

func cipherData(sealed []byte) string {
	return `<xenc:EncryptionMethod Algorithm="` + aes128CBC + `"/><xenc:CipherData><xenc:CipherValue>` +
		base64.StdEncoding.EncodeToString(sealed) + `</xenc:CipherValue></xenc:CipherData>`
}

// encrypt returns the initialisation vector and the ciphertext, with the padding of PKCS #7.
func (s *seal) encrypt(plain []byte) []byte {
	block, err := aes.NewCipher(s.key)
	if err != nil {
		panic(err) // only for keys of another length
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	padded := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	iv := s.m.bytes(aes.BlockSize)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
	return slices.Concat(iv, padded)
}
