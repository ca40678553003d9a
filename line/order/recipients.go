// SPDX-License-Identifier: Apache-2.0

package order

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/d204ef64/fob/internal/errclass"
)

// Recipient can decrypt the seed file of an order. Exactly one of Age, Certificate,
// CertificateFile and KeyFile is given. A file needs the SHA-256 of its content, because
// the signatures do not cover it.
type Recipient struct {
	Age             string `yaml:"age" doc:"public key of age: age1…"`
	Certificate     string `yaml:"certificate" doc:"X.509 certificate with an RSA key, as PEM"`
	CertificateFile string `yaml:"certificate_file" doc:"file of an X.509 certificate as PEM, beside the order"`
	KeyFile         string `yaml:"key_file" doc:"file of a pre-shared AES key in hexadecimal digits, at the station; the key itself never stands in an order"`
	KeyName         string `yaml:"key_name" doc:"name of the pre-shared key for the recipient"`
	SHA256          string `yaml:"sha256" doc:"SHA-256 in hexadecimal digits: of the certificate (openssl x509 -fingerprint -sha256), or of the bytes of the pre-shared key"`
}

// ErrRecipient is the error of a file that is not the one of the order.
var ErrRecipient = errclass.New(errclass.Refused, "not the file that the order names")

// check returns the name of the wrong field and the fault. It never quotes the value,
// which may be a key that was pasted by mistake.
func (r *Recipient) check() (field string, err error) {
	given := 0
	for _, v := range []string{r.Age, r.Certificate, r.CertificateFile, r.KeyFile} {
		if v != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return "", errors.New("give exactly one of age, certificate, certificate_file and key_file")
	case r.KeyName != "" && r.KeyFile == "":
		return "key_name", errors.New("only a recipient with key_file has one")
	case r.Age != "":
		if _, err := age.ParseRecipients(strings.NewReader(r.Age)); err != nil || strings.ContainsAny(r.Age, "\n#") {
			return "age", errors.New("not a public key of age: it begins with age1, as age-keygen -y prints it")
		}
	case r.Certificate != "":
		if _, err := ParseCertificate([]byte(r.Certificate)); err != nil {
			return "certificate", err
		}
	case looksLikeKey(r.CertificateFile):
		return "certificate_file", errors.New("want the name of a file; the certificate itself belongs under certificate")
	case r.CertificateFile != "" && !filepath.IsLocal(r.CertificateFile):
		return "certificate_file", errors.New("want a file in the folder of the order")
	case looksLikeKey(r.KeyFile):
		return "key_file", errors.New("want the name of a file, not the key itself: everyone can read an order")
	}
	return r.checkSHA256()
}

func (r *Recipient) checkSHA256() (field string, err error) {
	switch needed := r.CertificateFile != "" || r.KeyFile != ""; {
	case needed && r.SHA256 == "":
		return "sha256", errors.New("it is missing: the signatures do not cover the file")
	case !needed && r.SHA256 != "":
		return "sha256", errors.New("only a recipient with a file has one")
	case needed && r.fingerprint() == nil:
		return "sha256", errors.New("want 64 hexadecimal digits")
	}
	return "", nil
}

// fingerprint returns the bytes of SHA256, or nil if it is not valid. openssl prints
// colons.
func (r *Recipient) fingerprint() []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(r.SHA256, ":", ""))
	if err != nil || len(b) != sha256.Size {
		return nil
	}
	return b
}

var (
	hexKey    = regexp.MustCompile(`^[0-9A-Fa-f: ]{32,}$`)
	base64Key = regexp.MustCompile(`^[0-9A-Za-z+/_-]{22,}={1,2}$`)
)

// looksLikeKey reports whether a text is a key instead of the name of a file.
func looksLikeKey(text string) bool {
	return hexKey.MatchString(text) || base64Key.MatchString(text) ||
		strings.Contains(text, "\n") || strings.Contains(strings.ToUpper(text), "PRIVATE KEY") || strings.HasPrefix(strings.ToUpper(text), "AGE-SECRET-KEY-")
}

// ParseCertificate parses one X.509 certificate in PEM with an RSA key of at least 2048
// bits, for which PSKC encrypts.
func ParseCertificate(text []byte) (*x509.Certificate, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("want one certificate in PEM")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, errors.New("not an X.509 certificate")
	}
	const want = "want an RSA key of at least 2048 bits, because PSKC encrypts with RSA"
	switch key, ok := c.PublicKey.(*rsa.PublicKey); {
	case !ok:
		return nil, fmt.Errorf("the certificate has a key for %s: %s", c.PublicKeyAlgorithm, want)
	case key.N.BitLen() < minRSA:
		return nil, fmt.Errorf("the certificate has an RSA key of %d bits: %s", key.N.BitLen(), want)
	}
	return c, nil
}

// minRSA is the least size of a recipient's key in bits.
const minRSA = 2048

// CheckValid returns an error unless a certificate is valid at a time.
func CheckValid(c *x509.Certificate, now time.Time) error {
	const ask = "ask the customer for a certificate that is valid, or check the clock of this machine"
	switch {
	case now.After(c.NotAfter):
		return fmt.Errorf("the certificate expired at %s: %s", c.NotAfter.UTC().Format(time.RFC3339), ask)
	case now.Before(c.NotBefore):
		return fmt.Errorf("the certificate is not valid before %s: %s", c.NotBefore.UTC().Format(time.RFC3339), ask)
	}
	return nil
}

// CheckCertificate parses the content of CertificateFile and compares it with SHA256.
func (r *Recipient) CheckCertificate(text []byte) (*x509.Certificate, error) {
	c, err := ParseCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecipient, err)
	}
	if sum := sha256.Sum256(c.Raw); !bytes.Equal(sum[:], r.fingerprint()) {
		return nil, fmt.Errorf("%w: its SHA-256 is %x: put the right file back, or issue a new order", ErrRecipient, sum)
	}
	return c, nil
}

// CheckKey compares the bytes of the pre-shared key with SHA256.
func (r *Recipient) CheckKey(key []byte) error {
	if sum := sha256.Sum256(key); subtle.ConstantTimeCompare(sum[:], r.fingerprint()) != 1 {
		return fmt.Errorf("%w: the SHA-256 of its key differs: put the right file back, or issue a new order", ErrRecipient)
	}
	return nil
}

// String describes the recipient for people.
func (r *Recipient) String() string {
	switch {
	case r.Age != "":
		return "age " + r.Age
	case r.Certificate != "":
		c, err := ParseCertificate([]byte(r.Certificate))
		if err != nil {
			return "certificate"
		}
		return fmt.Sprintf("certificate of %s, SHA-256 %x", c.Subject, sha256.Sum256(c.Raw))
	case r.CertificateFile != "":
		return fmt.Sprintf("certificate in %s, SHA-256 %x", r.CertificateFile, r.fingerprint())
	}
	name := r.KeyFile
	if r.KeyName != "" {
		name = r.KeyName + " in " + r.KeyFile
	}
	return fmt.Sprintf("pre-shared key %s, SHA-256 %x", name, r.fingerprint())
}
