// SPDX-License-Identifier: Apache-2.0

package order

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/regularfile"
	"github.com/d204ef64/fob/internal/sshsig"
)

// ErrName is the error of a name that cannot be part of the file of a signature.
var ErrName = errclass.New(errclass.Usage, "a signer's name has 1 to 64 characters of A-Z, a-z, 0-9 and @ . _ + -, and does not begin with a period")

var signerName = regexp.MustCompile(`^[A-Za-z0-9@_+-][A-Za-z0-9@._+-]{0,63}$`)

// SignatureFile returns the file of a person's signature: ORDER.NAME.sig.
func SignatureFile(path, name string) (string, error) {
	if !signerName.MatchString(name) {
		return "", ErrName
	}
	return path + "." + name + ".sig", nil
}

// ReadFile reads an order.
func ReadFile(path string) ([]byte, error) {
	b, err := readLimited(path)
	if err != nil {
		return nil, errclass.With(errclass.Usage, fmt.Errorf("reading the order: %w", err))
	}
	return b, nil
}

// readLimited reads a file, and at most one byte more than an order may have.
func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	return b, errors.Join(err, f.Close())
}

// CheckFile reads an order and checks it with [Check]. It also compares the files of
// certificates with their fingerprints.
func CheckFile(path string, now time.Time) (*Order, error) {
	b, err := ReadFile(path)
	if err != nil {
		return nil, err
	}
	o, err := Check(b, now)
	if err != nil {
		return nil, inFile(path, err)
	}
	if err := o.checkCertificates(path, b, now); err != nil {
		return nil, err
	}
	return o, nil
}

// inFile adds the name of the file to the faults.
func inFile(path string, err error) error {
	var faults *FaultsError
	if errors.As(err, &faults) {
		return &FaultsError{path, faults.Faults}
	}
	return err
}

// checkCertificates compares the files of certificates with their fingerprints, and checks
// that all certificates are valid at a time.
func (o *Order) checkCertificates(path string, b []byte, now time.Time) error {
	c := &checker{lines: fieldLines(b)}
	o.validCertificates(c, now)
	for i := range o.Recipients {
		r := &o.Recipients[i]
		if r.CertificateFile == "" {
			continue
		}
		text, err := readLimited(filepath.Join(filepath.Dir(path), r.CertificateFile))
		if err == nil {
			var cert *x509.Certificate
			if cert, err = r.CheckCertificate(text); err == nil {
				err = CheckValid(cert, now)
			}
		}
		c.part(fmt.Sprintf("recipients[%d]", i), "certificate_file", err)
	}
	if len(c.faults) > 0 {
		return &FaultsError{path, c.faults}
	}
	return nil
}

// validCertificates reports the certificates in the order that are not valid at a time.
func (o *Order) validCertificates(c *checker, now time.Time) {
	for i := range o.Recipients {
		text := o.Recipients[i].Certificate
		if text == "" {
			continue
		}
		cert, err := ParseCertificate([]byte(text))
		if err == nil {
			err = CheckValid(cert, now)
		}
		c.part(fmt.Sprintf("recipients[%d]", i), "certificate", err)
	}
}

// VerifyFile reads an order and the signatures beside it, ORDER.NAME.sig and ORDER.sig,
// and checks them with [Verify].
func VerifyFile(path string, allowed *sshsig.Allowed, now time.Time) (*Order, []Signer, error) {
	b, err := ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	files, err := readSignatures(path)
	if err != nil {
		return nil, nil, errclass.With(errclass.Usage, fmt.Errorf("reading the signatures: %w", err))
	}
	o, signers, err := verify(b, files, allowed, now)
	if err != nil {
		return nil, nil, inFile(path, err)
	}
	if err := o.checkCertificates(path, b, now); err != nil {
		return nil, nil, err
	}
	return o, signers, nil
}

// readSignatures reads the signatures beside an order, sorted by name.
func readSignatures(path string) ([]signatureFile, error) {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []signatureFile
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), base+".")
		if !ok || rest != "sig" && !strings.HasSuffix(rest, ".sig") {
			continue
		}
		name := filepath.Join(dir, e.Name())
		text, err := regularfile.Read(name)
		if err != nil {
			return nil, err
		}
		files = append(files, signatureFile{name, text})
	}
	return files, nil
}
