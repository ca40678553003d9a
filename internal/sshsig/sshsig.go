// SPDX-License-Identifier: Apache-2.0

// Package sshsig signs texts with the Ed25519 keys of OpenSSH and checks the signatures
// against an allowed_signers file. It is compatible with ssh-keygen -Y sign and ssh-keygen
// -Y verify (PROTOCOL.sshsig and ssh-keygen(1) of OpenSSH).
package sshsig

import (
	"bytes"
	"encoding/pem"
	"fmt"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/d204ef64/fob/internal/errclass"
)

// The errors of signatures.
var (
	ErrFormat  = errclass.New(errclass.Usage, "not a signature of ssh-keygen -Y sign")
	ErrChanged = errclass.New(errclass.Refused, "the signature does not fit the text")
)

// A Signer is a private key, in this process or in an agent.
type Signer = ssh.Signer

// A PublicKey is a public key of OpenSSH.
type PublicKey = ssh.PublicKey

// Signature is a parsed signature.
type Signature struct{ sig *sshsig.Signature }

// maxSize is the maximum size of a signature file. With an Ed25519 key it has about 300
// bytes.
const maxSize = 4096

const begin = "-----BEGIN SSH SIGNATURE-----\n"

// Parse parses a signature file. The error wraps [ErrFormat] or [ErrKeyType].
func Parse(text []byte) (*Signature, error) {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	if len(text) > maxSize || !bytes.HasPrefix(text, []byte(begin)) {
		return nil, ErrFormat
	}
	block, rest := pem.Decode(text)
	if block == nil || len(block.Headers) > 0 || len(bytes.TrimSpace(rest)) > 0 {
		return nil, ErrFormat
	}
	sig, err := sshsig.ParseSignature(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if err := checkType(sig.PublicKey); err != nil {
		return nil, err
	}
	// Bytes that the signature does not cover could be changed without notice.
	if sig.Namespace == "" || !bytes.Equal(sig.Marshal(), block.Bytes) {
		return nil, ErrFormat
	}
	return &Signature{sig}, nil
}

// Key returns the public key that the signature names. [Signature.Verify] checks that
// the key made it.
func (s *Signature) Key() PublicKey { return s.sig.PublicKey }

// Namespace returns the purpose for which the text was signed.
func (s *Signature) Namespace() string { return s.sig.Namespace }

// Armor returns the signature as a file.
func (s *Signature) Armor() []byte { return sshsig.Armor(s.sig) }

// Verify checks that the key of the signature has signed the text for its namespace. The
// error wraps [ErrChanged].
func (s *Signature) Verify(text []byte) error {
	if err := sshsig.Verify(bytes.NewReader(text), s.sig, s.sig.PublicKey, s.sig.HashAlgorithm, s.sig.Namespace); err != nil {
		return ErrChanged
	}
	return nil
}

// Sign signs a text for a namespace, and checks the result.
func Sign(text []byte, key Signer, namespace string) (*Signature, error) {
	if err := checkType(key.PublicKey()); err != nil {
		return nil, err
	}
	sig, err := sshsig.Sign(bytes.NewReader(text), key, sshsig.HashSHA512, namespace)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	s := &Signature{sig}
	if err := s.Verify(text); err != nil { // an agent may answer anything
		return nil, fmt.Errorf("signing: %w", err)
	}
	return s, nil
}
