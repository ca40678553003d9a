// SPDX-License-Identifier: Apache-2.0

package order

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/sshsig"
)

// Namespace is the purpose of the signatures: ssh-keygen -Y sign -n fob-order.
const Namespace = "fob-order"

// The reasons for which a line refuses an order, besides faults. The errors about a
// signature are wrapped in a [SignatureError].
var (
	ErrFewSignatures = errclass.New(errclass.Refused, "the order has too few signatures")
	ErrChanged       = errclass.New(errclass.Refused, "the signature does not fit: the order was changed after it was signed: sign it again")
	ErrNotAllowed    = errclass.New(errclass.Refused, "the signer is not allowed")
	ErrSignature     = errclass.New(errclass.Usage, "not a signature of an order")
	ErrNotYetValid   = errclass.New(errclass.Refused, "the order is not valid yet: wait, or check the clock of this machine")
	ErrRanOut        = errclass.New(errclass.Refused, "the order ran out: issue a new one, or check the clock of this machine")
)

// Signer is a person who signed an order.
type Signer struct {
	Principal   string // the person's name in the list of allowed signers
	Fingerprint string // of the key, as ssh-keygen -l prints it
	File        string // the file of the signature; "" if unknown
	Again       bool   // the same person made a signature before, so it does not count
}

// SignatureError is the error of one signature. It wraps the reason.
type SignatureError struct {
	N      int    // number of the signature; 1 is the first
	File   string // its file; "" if unknown
	Signer string // the principal or the fingerprint of the key; "" if unknown
	Err    error
}

// Error returns for example "signature 1 of tanaka@example.com: …".
func (e *SignatureError) Error() string {
	text := e.File
	if text == "" {
		text = "signature " + strconv.Itoa(e.N)
	}
	if e.Signer != "" {
		text += " of " + e.Signer
	}
	return text + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *SignatureError) Unwrap() error { return e.Err }

// ParseAllowed parses a list of allowed signers in the format of ssh-keygen. Times
// without a Z are in the zone loc. Each line names one person: wildcards and certificate
// authorities are refused.
func ParseAllowed(text []byte, loc *time.Location) (*sshsig.Allowed, error) {
	return sshsig.ParseAllowed(text, loc)
}

// Sign signs an order with the key of a person and returns the file of the signature. It
// refuses an order with faults and one that ran out.
func Sign(b []byte, key sshsig.Signer, now time.Time) ([]byte, error) {
	if _, err := Check(b, now); err != nil {
		return nil, err
	}
	s, err := sshsig.Sign(b, key, Namespace)
	if err != nil {
		return nil, err
	}
	return s.Armor(), nil
}

// Verify parses an order and checks its signatures. All of them must fit and be made by
// allowed people, and as many different people with different keys as the order requires
// must have signed it. A line may work on the order at the time now.
func Verify(b []byte, sigs [][]byte, allowed *sshsig.Allowed, now time.Time) (*Order, []Signer, error) {
	files := make([]signatureFile, len(sigs))
	for i, text := range sigs {
		files[i].text = text
	}
	return verify(b, files, allowed, now)
}

// signatureFile is a signature and its file, "" if it is unknown.
type signatureFile struct {
	name string
	text []byte
}

func verify(b []byte, files []signatureFile, allowed *sshsig.Allowed, now time.Time) (*Order, []Signer, error) {
	o, err := Parse(b)
	if err != nil {
		return nil, nil, err
	}
	signers, people, err := checkSignatures(b, files, allowed, now)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case people < o.Signatures:
		return nil, nil, fmt.Errorf("%w: %d of %d different people signed it: let others sign%s", ErrFewSignatures, people, o.Signatures, whose(signers))
	case now.Before(o.from):
		return nil, nil, fmt.Errorf("%w (valid from %s)", ErrNotYetValid, o.ValidFrom)
	case now.After(o.until):
		return nil, nil, fmt.Errorf("%w (valid until %s)", ErrRanOut, o.ValidUntil)
	}
	return o, signers, nil
}

// checkSignatures checks each signature and counts the different people.
func checkSignatures(b []byte, files []signatureFile, allowed *sshsig.Allowed, now time.Time) (signers []Signer, people int, err error) {
	var wrong []error
	var seen []sshsig.Person
	for i, f := range files {
		signer, person, err := checkSignature(b, f.text, allowed, now)
		if err != nil {
			wrong = append(wrong, &SignatureError{i + 1, f.name, signer.name(), err})
			continue
		}
		signer.File = f.name
		signer.Again = slices.ContainsFunc(seen, person.Same)
		signers = append(signers, signer)
		if !signer.Again {
			seen = append(seen, person)
		}
	}
	return signers, len(seen), errors.Join(wrong...)
}

// whose returns who made the signatures, and which do not count. A file may have the name
// of another person than its signer.
func whose(signers []Signer) string {
	var list []string
	for i, s := range signers {
		file := s.File
		if file == "" {
			file = "signature " + strconv.Itoa(i+1)
		}
		if s.Again {
			list = append(list, fmt.Sprintf("%s does not count: it was made with a key of %s, too", file, s.Principal))
		} else {
			list = append(list, fmt.Sprintf("%s was made with a key of %s", file, s.Principal))
		}
	}
	if list == nil {
		return ""
	}
	return " (" + strings.Join(list, "; ") + ")"
}

// SignedBefore returns the signature of an order with the same key beside it, if there is
// one. A second one would not count.
func SignedBefore(path string, b []byte, key sshsig.PublicKey) (file string, err error) {
	files, err := readSignatures(path)
	if err != nil {
		return "", err
	}
	for _, f := range files {
		sig, err := sshsig.Parse(f.text)
		if err == nil && sshsig.Fingerprint(sig.Key()) == sshsig.Fingerprint(key) && sig.Namespace() == Namespace && sig.Verify(b) == nil {
			return f.name, nil
		}
	}
	return "", nil
}

// name returns the name of a signer for messages.
func (s Signer) name() string {
	if s.Principal != "" {
		return s.Principal
	}
	return s.Fingerprint
}

// checkSignature checks a signature. With an error, the signer is as far as it is known.
func checkSignature(b, text []byte, allowed *sshsig.Allowed, now time.Time) (Signer, sshsig.Person, error) {
	sig, err := sshsig.Parse(text)
	if err != nil {
		return Signer{}, sshsig.Person{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	s := Signer{Fingerprint: sshsig.Fingerprint(sig.Key())}
	if sig.Namespace() != Namespace {
		return s, sshsig.Person{}, fmt.Errorf("%w: it is for the namespace %q: sign with -n %s", ErrSignature, clip(sig.Namespace()), Namespace)
	}
	person, err := allowed.Find(sig.Key(), Namespace, now)
	if err != nil {
		return s, person, fmt.Errorf("%w: %w", ErrNotAllowed, err)
	}
	s.Principal = person.Principal
	if sig.Verify(b) != nil {
		return s, person, ErrChanged
	}
	return s, person, nil
}
