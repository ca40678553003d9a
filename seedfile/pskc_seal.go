// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"hash"
)

const (
	pskcSaltSize    = 16 // bytes; NIST SP 800-132 section 5.1 requires 16
	pskcDerivedSize = 16 // AES-128, recommended by RFC 6030 section 6.1
)

// pskcSeal encrypts the secrets of a file. Like the figures of RFC 6030 it encrypts
// only Secret, because importers cannot read encrypted numbers.
type pskcSeal struct {
	key    []byte
	wrap   bool
	public *rsa.PublicKey

	derived bool // from a password
	mac     hash.Hash
	head    []byte // EncryptionKey and MACMethod
}

// newPSKCSeal prepares the keys of a file. The error wraps [ErrValue] or
// [ErrUnsupported].
func newPSKCSeal(e *Encryption) (*pskcSeal, error) {
	s := &pskcSeal{wrap: e.Wrap}
	set := 0
	for _, b := range [][]byte{e.Key, e.Password, e.Recipient} {
		if len(b) != 0 {
			set++
		}
	}
	x := &pskcXML{}
	x.raw("  <EncryptionKey>\n")
	var err error
	switch {
	case set != 1:
		return nil, fmt.Errorf("%w: encryption: want exactly one of key, password and recipient", ErrValue)
	case len(e.Recipient) != 0:
		err = s.recipient(x, e)
	case len(e.Password) != 0:
		err = s.password(x, e)
	default:
		err = s.preShared(x, e)
	}
	if err != nil {
		return nil, err
	}
	x.raw("  </EncryptionKey>\n")
	if s.public == nil && !s.wrap {
		err = s.macMethod(x, e.MAC)
	} else if e.MAC != "" {
		err = fmt.Errorf("%w: a MAC with key wrap or a recipient", ErrUnsupported)
	}
	if err == nil {
		err = x.err
	}
	s.head = x.b
	return s, err
}

func (s *pskcSeal) preShared(x *pskcXML, e *Encryption) error {
	switch len(e.Key) {
	case 16, 24, 32:
	default:
		return fmt.Errorf("%w: an AES key of %d bytes, want 16, 24 or 32", ErrValue, len(e.Key))
	}
	if e.Iterations != 0 {
		return fmt.Errorf("%w: iterations without a password", ErrUnsupported)
	}
	s.key = append([]byte(nil), e.Key...)
	name := e.KeyName
	if name == "" { // RFC 6030 section 6.1 requires one
		name = "Pre-shared-key"
	}
	x.text("    ", "ds:KeyName", name)
	return nil
}

// password writes the children of PBKDF2-params without a namespace, like figure 7.
// FreeIPA finds them only there.
func (s *pskcSeal) password(x *pskcXML, e *Encryption) (err error) {
	rounds := e.Iterations
	if rounds == 0 {
		rounds = DefaultIterations
	}
	if rounds < MinIterations || rounds > maxIterations {
		return fmt.Errorf("%w: %d iterations, want %d to %d", ErrValue, rounds, MinIterations, maxIterations)
	}
	salt, err := random(pskcSaltSize)
	if err != nil {
		return err
	}
	if s.key, err = pbkdf2.Key(sha1.New, string(e.Password), salt, rounds, pskcDerivedSize); err != nil {
		return err
	}
	s.derived = true
	x.raw(`    <xenc11:DerivedKey>
      <xenc11:KeyDerivationMethod Algorithm="` + pskcPBKDF2 + `">
        <pkcs5:PBKDF2-params>
          <Salt xmlns=""><Specified>` + base64.StdEncoding.EncodeToString(salt) + `</Specified></Salt>
          <IterationCount xmlns="">`)
	x.int(int64(rounds))
	x.raw("</IterationCount>\n          <KeyLength xmlns=\"\">")
	x.int(pskcDerivedSize)
	x.raw(`</KeyLength>
          <PRF xmlns=""/>
        </pkcs5:PBKDF2-params>
      </xenc11:KeyDerivationMethod>
`)
	if e.KeyName != "" {
		x.text("      ", "xenc11:MasterKeyName", e.KeyName)
	}
	x.raw("    </xenc11:DerivedKey>\n")
	return nil
}

func (s *pskcSeal) recipient(x *pskcXML, e *Encryption) error {
	if e.Wrap || e.Iterations != 0 {
		return fmt.Errorf("%w: key wrap or iterations with a recipient", ErrUnsupported)
	}
	certificates, err := parseCertificates(e.Recipient)
	if err != nil {
		return fmt.Errorf("recipient: %w", err)
	}
	public, ok := certificates[0].PublicKey.(*rsa.PublicKey)
	if !ok {
		return fmt.Errorf("%w: the recipient's certificate has no RSA key", ErrUnsupported)
	}
	s.public = public
	x.raw("    <ds:X509Data><ds:X509Certificate>")
	x.b = base64.StdEncoding.AppendEncode(x.b, certificates[0].Raw)
	x.raw("</ds:X509Certificate></ds:X509Data>\n")
	return nil
}

// macMethod creates a MAC key of the same length as the hash, encrypted with the same
// key as the secrets (RFC 6030 section 6.1.1).
func (s *pskcSeal) macMethod(x *pskcXML, name string) error {
	uri, ok := map[string]string{"": pskcHMACSHA1, "hmac-sha1": pskcHMACSHA1, "hmac-sha256": pskcHMACSHA256}[name]
	if !ok {
		return fmt.Errorf("%w: MAC %q, want hmac-sha1 or hmac-sha256", ErrUnsupported, name)
	}
	algorithm := pskcMACs[uri]
	key, err := random(algorithm().Size())
	if err != nil {
		return err
	}
	defer clear(key)
	sealed, err := sealCBC(s.key, key)
	if err != nil {
		return err
	}
	s.mac = hmac.New(algorithm, key)
	x.raw(`  <MACMethod Algorithm="` + uri + "\">\n    <MACKey>\n")
	s.cipher(x, "      ", pskcCBC(len(s.key)), sealed)
	x.raw("    </MACKey>\n  </MACMethod>\n")
	return nil
}

// cipher appends the content of an xenc:EncryptedDataType.
func (s *pskcSeal) cipher(x *pskcXML, indent, uri string, sealed []byte) {
	x.raw(indent + `<xenc:EncryptionMethod Algorithm="` + uri + "\"/>\n" + indent + "<xenc:CipherData><xenc:CipherValue>")
	x.b = base64.StdEncoding.AppendEncode(x.b, sealed)
	x.raw("</xenc:CipherValue></xenc:CipherData>\n")
}

// encrypt encrypts a secret.
func (s *pskcSeal) encrypt(secret []byte) (SealedSeed, error) {
	var v SealedSeed
	var err error
	switch {
	case s.public != nil:
		v.Method = pskcOAEP
		v.Cipher, err = sealRSA(s.public, secret)
	case s.wrap:
		var padded bool
		v.Cipher, padded, err = wrapKey(s.key, secret)
		v.Method = pskcKW(len(s.key), padded)
	default:
		v.Method = pskcCBC(len(s.key))
		v.Cipher, err = sealCBC(s.key, secret)
	}
	if err != nil {
		return SealedSeed{}, err
	}
	if s.mac != nil {
		s.mac.Reset()
		s.mac.Write(v.Cipher)
		v.MAC = s.mac.Sum(nil)
	}
	return v, nil
}

// value appends EncryptedValue and ValueMAC.
func (s *pskcSeal) value(x *pskcXML, v SealedSeed) {
	x.raw("          <EncryptedValue>\n")
	s.cipher(x, "            ", v.Method, v.Cipher)
	x.raw("          </EncryptedValue>\n")
	if len(v.MAC) > 0 {
		x.raw("          <ValueMAC>")
		x.b = base64.StdEncoding.AppendEncode(x.b, v.MAC)
		x.raw("</ValueMAC>\n")
	}
}

func random(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := rand.Read(b)
	return b, err
}
