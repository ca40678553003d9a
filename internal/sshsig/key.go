// SPDX-License-Identifier: Apache-2.0

package sshsig

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/d204ef64/fob/internal/errclass"
)

// The errors of keys.
var (
	ErrKeyType         = errclass.New(errclass.Unsupported, "only Ed25519 keys sign: make one with ssh-keygen -t ed25519")
	ErrKey             = errclass.New(errclass.Usage, "not a private key of OpenSSH")
	ErrPublicKey       = errclass.New(errclass.Usage, "not a public key of OpenSSH")
	ErrNeedPassphrase  = errclass.New(errclass.Usage, "the key is encrypted: its passphrase is needed")
	ErrWrongPassphrase = errclass.New(errclass.Usage, "wrong passphrase")
	ErrNotInAgent      = errclass.New(errclass.Refused, "the agent does not have the key: add it with ssh-add")
	ErrAgent           = errclass.New(errclass.Unreachable, "the agent does not answer")
)

// checkType refuses keys that are not Ed25519 keys.
func checkType(key PublicKey) error {
	if key.Type() != ssh.KeyAlgoED25519 {
		return fmt.Errorf("%w (this is a key of type %s)", ErrKeyType, key.Type())
	}
	return nil
}

// Fingerprint returns the fingerprint of a key as ssh-keygen -l prints it.
func Fingerprint(key PublicKey) string { return ssh.FingerprintSHA256(key) }

// ParsePrivateKey parses the file of a private key. Without a passphrase, the error of
// an encrypted key wraps [ErrNeedPassphrase]. No error quotes the file.
func ParsePrivateKey(text, passphrase []byte) (Signer, error) {
	key, err := ParseEd25519(text, passphrase)
	if err != nil {
		return nil, err
	}
	return NewSigner(key)
}

// NewSigner returns a key as a Signer.
func NewSigner(key ed25519.PrivateKey) (Signer, error) {
	s, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return nil, ErrKey
	}
	return s, nil
}

// FromEd25519 returns a public key of OpenSSH.
func FromEd25519(key ed25519.PublicKey) (PublicKey, error) { return ssh.NewPublicKey(key) }

// FormatPublicKey returns a public key as a line of a .pub file.
func FormatPublicKey(key PublicKey) []byte { return ssh.MarshalAuthorizedKey(key) }

// FormatEd25519 returns a private key as an unencrypted file of OpenSSH.
func FormatEd25519(key ed25519.PrivateKey) ([]byte, error) {
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		return nil, ErrKey
	}
	return pem.EncodeToMemory(block), nil
}

// ParseEd25519 is [ParsePrivateKey] for a program that signs more than texts with the key.
func ParseEd25519(text, passphrase []byte) (ed25519.PrivateKey, error) {
	raw, err := ssh.ParseRawPrivateKey(text)
	var missing *ssh.PassphraseMissingError
	if errors.As(err, &missing) {
		if len(passphrase) == 0 {
			return nil, ErrNeedPassphrase
		}
		raw, err = ssh.ParseRawPrivateKeyWithPassphrase(text, passphrase)
		if errors.Is(err, x509.IncorrectPasswordError) {
			return nil, ErrWrongPassphrase
		}
	}
	if err != nil {
		return nil, ErrKey
	}
	switch key := raw.(type) {
	case *ed25519.PrivateKey: // of a file of OpenSSH
		return *key, nil
	case ed25519.PrivateKey: // of a file in PKCS #8
		return key, nil
	}
	s, err := ssh.NewSignerFromKey(raw)
	if err != nil {
		return nil, ErrKey
	}
	return nil, checkType(s.PublicKey())
}

// ParsePublicKey parses the .pub file of a key. The error wraps [ErrPublicKey] or
// [ErrKeyType].
func ParsePublicKey(text []byte) (PublicKey, error) {
	key, _, options, rest, err := ssh.ParseAuthorizedKey(text)
	if err != nil || len(options) > 0 || len(bytes.TrimSpace(rest)) > 0 {
		return nil, ErrPublicKey
	}
	return key, checkType(key)
}

// FromAgent returns the private key of a public key in an agent. The connection serves
// this key only, and must stay open while it signs. The error wraps [ErrAgent] or [ErrNotInAgent].
func FromAgent(connection io.ReadWriter, public PublicKey) (Signer, error) {
	keys, err := agent.NewClient(connection).Signers()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAgent, err)
	}
	for _, key := range keys {
		if bytes.Equal(key.PublicKey().Marshal(), public.Marshal()) {
			return key, nil
		}
	}
	return nil, fmt.Errorf("%w (%s)", ErrNotInAgent, Fingerprint(public))
}
