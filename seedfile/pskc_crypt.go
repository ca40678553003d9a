// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"math"
	"strings"
)

// The iterations of PBKDF2 (RFC 8018) from a password to a key.
const (
	// MinIterations is the minimum for writing. NIST SP 800-132 of 2010 requires 1,000,
	// and hardware has become a hundred times faster since. A file with fewer
	// iterations is read with a warning.
	MinIterations = 100_000
	// DefaultIterations is OWASP's figure of 2023 for HMAC-SHA-1, the only PRF that
	// every importer supports. It costs about a second per file.
	DefaultIterations = 1_300_000
	// maxIterations is the maximum for reading, which takes about ten seconds.
	maxIterations = 10_000_000
)

// pskcMinMACKey is the minimum length in bytes of a MAC key for reading.
const pskcMinMACKey = 16

// pskcKeyKinds are the kinds of EncryptionKey (RFC 6030 section 6).
type pskcKeyKinds uint8

const (
	pskcPreShared   pskcKeyKinds = 1 << iota // ds:KeyName, 6.1
	pskcPassword                             // xenc11:DerivedKey, 6.2
	pskcCertificate                          // ds:X509Data, 6.3
)

// pskcCrypt describes the encryption of a file. It has EncryptionKey and MACMethod as
// in the file, and the keys once a value has required them.
type pskcCrypt struct {
	line                       int // of EncryptionKey; 0 if there is none
	kinds                      pskcKeyKinds
	keyName                    string
	kdf, salt, iterations, prf string
	keyLength                  string
	hasMAC                     bool // MACMethod is present
	macAlg                     string
	macKey                     pskcValue

	key     []byte
	private *rsa.PrivateKey
	mac     hash.Hash
}

// open verifies the MAC of an encrypted value, then decrypts it. The error wraps
// [ErrNoKey], [ErrNoMAC], [ErrMAC], [ErrUnsupported] or [ErrLimit].
func (c *pskcCrypt) open(v *pskcValue, keys *Keys, warn func(string, ...any)) ([]byte, error) {
	method, err := c.method(v)
	if err != nil {
		return nil, err
	}
	sealed, err := decodeXMLBase64(v.text)
	if err != nil {
		return nil, err
	}
	if method.mode == modeCBC && (!c.hasMAC || !v.hasMAC) || c.hasMAC != v.hasMAC {
		return nil, ErrNoMAC
	}
	if err := c.unlock(method, keys, warn); err != nil {
		return nil, err
	}
	if c.private != nil && !c.hasMAC && keys.Trusted == nil {
		warn("not authenticated: anyone with the certificate could have made the file; only a verified signature proves its origin")
	}
	if c.hasMAC {
		if err := c.verify(v, sealed); err != nil {
			return nil, err
		}
	}
	return c.decipher(method, v, sealed)
}

// method returns the algorithm of a value. It returns an error if the kind of key does
// not suit the algorithm.
func (c *pskcCrypt) method(v *pskcValue) (pskcCipher, error) {
	method, ok := pskcCiphers[strings.Trim(v.alg, xmlSpace)]
	switch {
	case !ok:
		return method, fmt.Errorf("%w: EncryptionMethod %s", ErrUnsupported, quoteKnown(v.alg))
	case c.line == 0:
		return method, fmt.Errorf("%w: an EncryptedValue without an EncryptionKey", ErrSyntax)
	case c.kinds == 0 && method.keySize == 0:
		return method, fmt.Errorf("%w: EncryptionMethod %s with an empty EncryptionKey", ErrUnsupported, quoteKnown(v.alg))
	case c.kinds&(c.kinds-1) != 0:
		return method, fmt.Errorf("%w: more than one kind of EncryptionKey", ErrUnsupported)
	case c.kinds != 0 && (c.kinds == pskcCertificate) != (method.keySize == 0):
		return method, fmt.Errorf("%w: EncryptionMethod %s with this kind of EncryptionKey", ErrUnsupported, quoteKnown(v.alg))
	case !v.sealed:
		return method, fmt.Errorf("%w: there is no CipherValue", ErrSyntax)
	}
	return method, nil
}

// unlock obtains the key, once per file, and then the MAC key.
func (c *pskcCrypt) unlock(method pskcCipher, keys *Keys, warn func(string, ...any)) (err error) {
	if c.key == nil && c.private == nil {
		switch c.kinds {
		case pskcPreShared, 0: // python-pskc writes an EncryptionKey without a name
			if len(keys.Key) == 0 {
				return fmt.Errorf("%w (the pre-shared key %s)", ErrNoKey, quoteName(c.keyName))
			}
			c.key = keys.Key
		case pskcPassword:
			if len(keys.Password) == 0 {
				return fmt.Errorf("%w (it is encrypted with a password)", ErrNoKey)
			}
			c.key, err = c.derive(method.keySize, keys.Password, warn)
		case pskcCertificate:
			if len(keys.Private) == 0 {
				return fmt.Errorf("%w (the recipient's private key)", ErrNoKey)
			}
			c.private, err = parsePrivate(keys.Private)
		}
		if err != nil {
			return err
		}
	}
	if c.private == nil && len(c.key) != method.keySize {
		return fmt.Errorf("%w: want a key of %d bytes, got %d", ErrNoKey, method.keySize, len(c.key))
	}
	if c.hasMAC && c.mac == nil {
		return c.unlockMAC(warn)
	}
	return nil
}

// unlockMAC decrypts MACKey. MACKey itself is not authenticated. With a wrong key it
// decrypts to a wrong MAC key or to bad padding, and both are ErrMAC. A MAC key of
// fewer than 16 bytes is also ErrMAC: an attacker may have shortened it until all
// possible keys can be tried.
func (c *pskcCrypt) unlockMAC(warn func(string, ...any)) error {
	algorithm, ok := pskcMACs[strings.Trim(c.macAlg, xmlSpace)]
	if !ok {
		return fmt.Errorf("%w: MACMethod %s", ErrUnsupported, quoteKnown(c.macAlg))
	}
	key := c.key // without a MACKey, the encryption key is also the MAC key
	if c.macKey.line != 0 {
		method, err := c.method(&c.macKey)
		if err != nil {
			return err
		}
		if c.private == nil && method.keySize != len(c.key) {
			return fmt.Errorf("%w: MACKey is encrypted with another algorithm than the values", ErrUnsupported)
		}
		sealed, err := decodeXMLBase64(c.macKey.text)
		if err != nil {
			return err
		}
		if key, err = c.decipher(method, &c.macKey, sealed); err != nil {
			return err
		}
		defer clear(key)
		switch size := algorithm().Size(); {
		case len(key) < pskcMinMACKey:
			return ErrMAC // even for an empty one: the error must not reveal the padding
		case len(key) < size:
			warn("the MAC key has %d bytes; RFC 2104 recommends the length of the hash, %d", len(key), size)
		}
	}
	if len(key) == 0 {
		return fmt.Errorf("%w: MACMethod without a MACKey", ErrUnsupported)
	}
	c.mac = hmac.New(algorithm, key)
	return nil
}

// verify checks ValueMAC, which covers IV and ciphertext (RFC 6030 section 6.1.1), in
// constant time.
func (c *pskcCrypt) verify(v *pskcValue, sealed []byte) error {
	want, err := decodeXMLBase64(v.mac)
	if err != nil {
		return err
	}
	c.mac.Reset()
	c.mac.Write(sealed)
	if !hmac.Equal(c.mac.Sum(nil), want) {
		return ErrMAC
	}
	return nil
}

// decipher decrypts a value after its MAC has been verified.
func (c *pskcCrypt) decipher(method pskcCipher, v *pskcValue, sealed []byte) ([]byte, error) {
	switch method.mode {
	case modeCBC:
		return openCBC(c.key, sealed)
	case modeWrap, modeWrapPad:
		b, err := unwrapKey(c.key, sealed, method.mode == modeWrapPad)
		if err != nil {
			return nil, ErrMAC
		}
		return b, nil
	}
	return openRSA(c.private, method.mode, v, sealed)
}

// derive derives a key from a password (RFC 6030 section 6.2, RFC 8018 section 5.2).
func (c *pskcCrypt) derive(size int, password []byte, warn func(string, ...any)) ([]byte, error) {
	switch strings.Trim(c.kdf, xmlSpace) {
	// The names in figure 7, in the RFC's text, and in XML Encryption 1.1.
	case pskcPBKDF2, "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5#pbkdf2", nsXENC11 + "pbkdf2":
	default:
		return nil, fmt.Errorf("%w: KeyDerivationMethod %s", ErrUnsupported, quoteKnown(c.kdf))
	}
	prf, ok := pskcPRF(c.prf)
	if !ok {
		return nil, fmt.Errorf("%w: PRF %s", ErrUnsupported, quoteKnown(c.prf))
	}
	salt, err := decodeXMLBase64(c.salt)
	if err != nil {
		return nil, fmt.Errorf("element Salt: %w", err)
	}
	rounds, err := parseXMLInt(c.iterations, 1, math.MaxInt64)
	switch {
	case err != nil:
		return nil, fmt.Errorf("IterationCount: %w", err)
	case rounds > maxIterations:
		return nil, fmt.Errorf("%w: IterationCount: at most %d are allowed", ErrLimit, maxIterations)
	case rounds < MinIterations:
		warn("only %d iterations of PBKDF2 protect the password; at least %d are recommended", rounds, MinIterations)
	}
	if c.keyLength != "" {
		if n, err := parseXMLInt(c.keyLength, 1, 1<<20); err != nil || n != int64(size) {
			return nil, fmt.Errorf("%w: KeyLength is not the key length of the algorithm, %d bytes", ErrUnsupported, size)
		}
	}
	return pbkdf2.Key(prf, string(password), salt, int(rounds), size)
}

// pskcPRF finds the PRF of PBKDF2 by its name or by the last part of its URI, because
// files use names of PKCS#5, RFC 4051 and XML Encryption 1.1. The default is HMAC-SHA-1
// (RFC 8018 appendix A.2).
func pskcPRF(uri string) (func() hash.Hash, bool) {
	if uri = strings.Trim(uri, xmlSpace); uri == "" {
		return sha1.New, true
	}
	switch strings.ToLower(uri[strings.LastIndexAny(uri, "#:")+1:]) {
	case "hmac-sha1", "hmacwithsha1", "hmac-sha-1":
		return sha1.New, true
	case "hmac-sha256", "hmacwithsha256", "hmac-sha-256":
		return sha256.New, true
	case "hmac-sha512", "hmacwithsha512", "hmac-sha-512":
		return sha512.New, true
	}
	return nil, false
}
