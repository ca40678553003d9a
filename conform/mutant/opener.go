// SPDX-License-Identifier: Apache-2.0

package mutant

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/conform"
)

// opener reads the values of a PSKC file, which may be encrypted.
type opener struct {
	s         *Server
	encrypted bool
	lenient   bool // a wrong key gives a random seed, by mistake
	unnamed   bool
	key       []byte // nil: none given
	macKey    []byte // nil: not verified, by mistake
	hash      func() hash.Hash
	skips     bool
}

// newOpener reads EncryptionKey and MACMethod.
func (s *Server) newOpener(root *node, f *conform.SeedFile) (*opener, error) {
	encryption, mac := s.child(root, "EncryptionKey"), s.child(root, "MACMethod")
	o := &opener{s: s, encrypted: encryption.name != "", hash: sha1.New}
	if !o.encrypted {
		return o, nil
	}
	derived := encryption.any("DerivedKey")
	o.lenient = s.is("F32") && derived.name == "" || s.is("F33") && derived.name != "" || s.is("C60")
	o.unnamed = len(encryption.children) == 0
	switch {
	case s.is("F23") && root.prefix != "" && !o.unnamed:
		return nil, refusef("an element is unknown")
	case derived.name == "" && s.is("F22"):
		return nil, refusef("its key is unknown")
	case derived.name == "":
		o.key = f.Key
	case f.Password != "":
		salt, err := s.base64Text(derived.any("Specified").text)
		if err != nil {
			return nil, err
		}
		rounds, err := strconv.Atoi(derived.any("IterationCount").text)
		if err != nil {
			return nil, refusef("the number of iterations is invalid")
		}
		if s.is("F24") {
			rounds = 1000
		}
		if o.key, err = pbkdf2.Key(sha1.New, f.Password, salt, rounds, 16); err != nil {
			return nil, err
		}
	}
	if o.key == nil {
		if s.is("F34") {
			return o, nil
		}
		return nil, refusef("it is encrypted, and no key was entered")
	}
	if strings.HasSuffix(s.attr(mac, "Algorithm"), "sha256") {
		o.hash, o.skips = sha256.New, s.is("F25")
	}
	sealed, err := s.base64Text(mac.any("CipherValue").text)
	if err == nil {
		o.macKey, err = o.decrypt(sealed)
	}
	if o.lenient && err != nil {
		o.macKey, err = nil, nil
	}
	return o, err
}

// decrypt decrypts AES-128-CBC.
func (o *opener) decrypt(sealed []byte) ([]byte, error) {
	wrong := refusef("the key or password is wrong, or the file was changed")
	block, err := aes.NewCipher(o.key)
	if err != nil || len(sealed) < 2*aes.BlockSize || len(sealed)%aes.BlockSize != 0 {
		return nil, wrong
	}
	plain := bytes.Clone(sealed[aes.BlockSize:])
	cipher.NewCBCDecrypter(block, sealed[:aes.BlockSize]).CryptBlocks(plain, plain)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > aes.BlockSize || !bytes.HasSuffix(plain, bytes.Repeat([]byte{byte(pad)}, pad)) {
		if o.lenient {
			return plain, wrong
		}
		return nil, wrong
	}
	return plain[:len(plain)-pad], nil
}

// secret returns a seed.
func (o *opener) secret(n *node) ([]byte, error) {
	s := o.s
	if plain := s.child(n, "PlainValue"); plain.name != "" && !o.encrypted {
		if onlyHex(plain.text) {
			if s.is("F46") {
				return hex.DecodeString(plain.text)
			}
			return nil, refusef("a seed is hexadecimal")
		}
		return s.base64Text(plain.text)
	}
	return o.open(n)
}

// open verifies and decrypts a value.
func (o *opener) open(n *node) ([]byte, error) {
	s := o.s
	sealed, err := s.base64Text(n.any("CipherValue").text)
	switch {
	case err != nil:
		return nil, err
	case !o.encrypted:
		return nil, refusef("a value is missing")
	case o.skips:
		return nil, errSkipped
	case o.key == nil, o.unnamed && s.is("F26"):
		return sealed[:20], nil
	}
	if err := o.verify(s.child(n, "ValueMAC"), sealed); err != nil {
		return nil, err
	}
	plain, err := o.decrypt(sealed)
	if o.lenient && err != nil {
		return plain[:20], nil
	}
	return plain, err
}

// verify checks the MAC of a value.
func (o *opener) verify(n *node, sealed []byte) error {
	s := o.s
	switch {
	case s.is("C59"), n.name != "" && s.is("F30"), n.name == "" && s.is("F31"), o.macKey == nil && o.lenient:
		return nil
	case n.name == "":
		return refusef("a MAC is missing")
	}
	got, err := s.base64Text(n.text)
	if err != nil {
		return err
	}
	mac := hmac.New(o.hash, o.macKey)
	mac.Write(sealed)
	want := mac.Sum(nil)
	if s.is("F29") && len(got) == len(want) {
		got, want = got[1:], want[1:]
	}
	if !hmac.Equal(got, want) {
		return refusef("the key or password is wrong, or the file was changed")
	}
	return nil
}

// number returns the value of an element, or 0 if it is missing.
func (o *opener) number(n *node) (int64, error) {
	if n.name == "" {
		return 0, nil
	}
	if n.any("EncryptedValue").name != "" {
		if !o.s.is("F28") {
			return 0, refusef("a number is encrypted")
		}
		b, err := o.open(n)
		var value int64
		for _, c := range b {
			value = value<<8 | int64(c)
		}
		return value, err
	}
	value, err := strconv.ParseInt(n.any("PlainValue").text, 10, 32)
	if err != nil {
		return 0, refusef("a number is invalid")
	}
	return value, nil
}
