// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
)

// ErrRecipient is the error of an order without a recipient for which seeds can be
// encrypted.
var ErrRecipient = errclass.New(errclass.Usage, "the recipient of the seeds")

// Recipient gets the seeds of an order: by Encrypt, or by the public keys of age.
type Recipient struct {
	Name    string // for people
	Encrypt seedfile.Encryption
	Age     []string // age1…: any of them decrypts

	certificate *x509.Certificate // nil: none
}

// CheckRecipients returns an error unless the certificates of all recipients are valid at a
// time.
func CheckRecipients(list []Recipient, now time.Time) error {
	for _, r := range list {
		if r.certificate == nil {
			continue
		}
		if err := order.CheckValid(r.certificate, now); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrRecipient, r.Name, err)
		}
	}
	return nil
}

// Recipients returns the recipients of an order. Read reads the files that the order
// names: certificates beside it, and pre-shared keys.
func Recipients(o *order.Order, read func(r *order.Recipient) ([]byte, error)) (list []Recipient, err error) {
	var keys, names []string
	for i := range o.Recipients {
		r := &o.Recipients[i]
		one := Recipient{Name: r.String()}
		var text []byte
		switch {
		case r.Age != "":
			keys, names = append(keys, r.Age), append(names, one.Name)
			continue
		case r.Certificate != "":
			one.Encrypt.Recipient = []byte(r.Certificate)
			one.certificate, err = order.ParseCertificate(one.Encrypt.Recipient)
		case r.CertificateFile != "":
			if text, err = read(r); err == nil {
				one.certificate, err = r.CheckCertificate(text)
			}
			one.Encrypt.Recipient = text
		default:
			if text, err = read(r); err == nil {
				one.Encrypt.Key, err = parseKey(text)
				clear(text)
			}
			if err == nil {
				err = r.CheckKey(one.Encrypt.Key)
			}
			one.Encrypt.KeyName = r.KeyName
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrRecipient, r, err)
		}
		list = append(list, one)
	}
	if len(keys) > 0 { // one copy, which any of them decrypts
		list = append(list, Recipient{Name: strings.Join(names, ", "), Age: keys})
	}
	return list, nil
}

// parseKey parses a pre-shared key. Its error does not quote the key.
func parseKey(text []byte) ([]byte, error) {
	key, err := token.ParseSeedHex(string(bytes.TrimSpace(text)))
	if err == nil {
		defer key.Destroy()
		switch key.Len() {
		case 16, 24, 32:
			return key.Bytes(), nil
		}
	}
	return nil, errors.New("want an AES key: 32, 48 or 64 hexadecimal digits")
}

// sealer encrypts seeds to a recipient, with keys that are made anew in each run of a
// station.
type sealer struct {
	name string
	seal *seedfile.Sealer
	age  []byte // the key of the PSKC file for a recipient of age
	run  int64  // once the run is in the journal
}

func newSealers(recipients []Recipient) (list []*sealer, err error) {
	if len(recipients) == 0 {
		return nil, fmt.Errorf("%w: the order has none", ErrRecipient)
	}
	for i := range recipients {
		r := &recipients[i]
		s := &sealer{name: r.Name, age: []byte{}}
		e := r.Encrypt
		if len(r.Age) > 0 {
			e = seedfile.Encryption{Key: make([]byte, 32), KeyName: "age"}
			_, _ = rand.Read(e.Key) // never fails
			if s.age, err = toAge(e.Key, r.Age); err != nil {
				return nil, fmt.Errorf("%w: %s: %w", ErrRecipient, r.Name, err)
			}
		}
		s.seal, err = seedfile.NewSealer(e)
		if len(r.Age) > 0 {
			clear(e.Key)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrRecipient, r.Name, err)
		}
		list = append(list, s)
	}
	return list, nil
}

// toAge encrypts a key, in the form of a key file: hexadecimal digits.
func toAge(key []byte, to []string) ([]byte, error) {
	recipients, err := age.ParseRecipients(strings.NewReader(strings.Join(to, "\n")))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, recipients...)
	if err != nil {
		return nil, err
	}
	text := hex.AppendEncode(nil, key)
	defer clear(text)
	if _, err := w.Write(append(text, '\n')); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// runs adds the runs of this batch to the journal, before the first seed is sealed.
func (b *Batch) runs(ctx context.Context) ([]*sealer, error) {
	b.sealing.Lock()
	defer b.sealing.Unlock()
	if b.made {
		return b.sealers, nil
	}
	err := b.write(ctx, "", func(tx *sqldb.Tx) error {
		var last int64
		if err := tx.Row("SELECT COALESCE(MAX(id), 0) FROM run", nil, &last); err != nil {
			return err
		}
		for _, s := range b.sealers {
			last++
			s.run = last
			err := tx.ExecOne("INSERT INTO run (id, order_id, recipient, head, key_age, began) VALUES ($1, $2, $3, $4, $5, $6)",
				s.run, b.id, s.name, []byte(s.seal.Head()), s.age, b.millis())
			if err != nil {
				return err
			}
			if err := b.record(tx, 0, KindRun, struct {
				Order     string `json:"order"`
				Run       int64  `json:"run"`
				Recipient string `json:"recipient"`
			}{b.order.ID, s.run, s.name}); err != nil {
				return err
			}
		}
		return nil
	})
	b.made = err == nil
	return b.sealers, err
}

// sealedCopy is a seed for a recipient.
type sealedCopy struct {
	run    int64
	sealed []byte
}

// sealAll encrypts a seed to all recipients.
func (b *Batch) sealAll(ctx context.Context, seed token.Seed) (list []sealedCopy, err error) {
	sealers, err := b.runs(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range sealers {
		v, err := s.seal.Seal(seed)
		if err != nil {
			return nil, fmt.Errorf("encrypting a seed to %s: %w", s.name, err)
		}
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		list = append(list, sealedCopy{s.run, text})
	}
	return list, nil
}

// Run is a key for the seeds of an order. All seeds of a run fit one PSKC file.
type Run struct {
	ID        int64
	Recipient string
	Head      seedfile.SealedHead
	KeyAge    []byte // the file's key in hexadecimal digits, encrypted by age; empty: the recipient has the key
	Began     time.Time
}

// Runs returns the runs of an order.
func (j *Journal) Runs(ctx context.Context, name string) (list []Run, err error) {
	err = j.read(ctx, func(tx *sqldb.Tx) error {
		id, err := j.known(tx, name)
		if err != nil {
			return err
		}
		list, err = sqldb.QueryAll(tx, func(s sqldb.Scanner) (r Run, err error) {
			var head []byte
			var began int64
			err = s.Scan(&r.ID, &r.Recipient, &head, &r.KeyAge, &began)
			r.Head, r.Began = head, fromMillis(began)
			return r, err
		}, "SELECT id, recipient, head, key_age, began FROM run WHERE order_id = $1 ORDER BY id", id)
		return err
	})
	return list, err
}
