// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"crypto/subtle"
	"fmt"
	"io"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
)

// ErrNoSeed is the error of a token that has no seed.
var ErrNoSeed = errclass.New(errclass.Refused, "the token has no seed")

// Export writes the seeds of all tokens that have one to a seed file, for the server
// under test. A fork that has the serial number and the seed of another token is left
// out. The error wraps [ErrAmbiguous] if the seeds differ, because a server has only one
// token of each serial number.
func (f *Fleet) Export(w io.Writer, format *seedfile.Format) error {
	out, err := format.NewWriter(w, seedfile.WriteOptions{})
	if err != nil {
		return err
	}
	for m := range f.All(0) {
		r := m.record()
		if r.Seed.Len() == 0 {
			continue
		}
		copied, err := f.copyOf(m, r.Serial, r.Seed)
		if err == nil && !copied {
			err = write(out, &r)
		}
		r.Seed.Destroy()
		if err != nil {
			return err
		}
	}
	return out.Close()
}

func write(out seedfile.Writer, r *seedfile.Record) error {
	if err := out.Write(r); err != nil {
		return fmt.Errorf("token %s: %w", r.Serial, err)
	}
	return nil
}

// Export writes the token's seed to a seed file. The error may wrap [ErrNoSeed].
func (m Member) Export(w io.Writer, format *seedfile.Format) error {
	r := m.record()
	defer r.Seed.Destroy()
	if r.Seed.Len() == 0 {
		return ErrNoSeed
	}
	out, err := format.NewWriter(w, seedfile.WriteOptions{})
	if err != nil {
		return err
	}
	if err := write(out, &r); err != nil {
		return err
	}
	return out.Close()
}

// OTPAuthURI returns the token's seed as an otpauth URI, for a QR code. The error may wrap
// [ErrNoSeed].
func (m Member) OTPAuthURI() (string, error) {
	r := m.record()
	defer r.Seed.Destroy()
	if r.Seed.Len() == 0 {
		return "", ErrNoSeed
	}
	return seedfile.OTPAuthURI(&r)
}

// record returns the token as a record of a seed file. The caller destroys its seed, which
// may be empty.
func (m Member) record() seedfile.Record {
	seed, p := m.Token.Secrets()
	serial, expiry := m.Token.BackLabel()
	return seedfile.Record{
		Serial: serial, Type: seedfile.TOTP, Seed: seed, Algorithm: p.Algorithm, Digits: p.Digits, Step: p.Step, T0: p.T0,
		Manufacturer: "fob", Model: m.Token.Model().Name,
		Device: seedfile.Validity{Expiry: seedfile.ExpiryInstant(expiry, nil)},
	}
}

// copyOf reports whether a token that was added before has the same serial number and
// seed.
func (f *Fleet) copyOf(m Member, serial token.Serial, seed token.Seed) (bool, error) {
	found := f.withSerial(serial)
	if len(found) < 2 || found[0].tag == m.tag {
		return false, nil
	}
	first, _ := found[0].Token.Secrets()
	defer first.Destroy()
	a, b := first.Bytes(), seed.Bytes()
	defer clear(a)
	defer clear(b)
	if subtle.ConstantTimeCompare(a, b) != 1 {
		return false, ambiguous(serial, found)
	}
	return true, nil
}

// EventLine is an entry of the log in the form of its files and of the HTTP interface.
type EventLine struct {
	Seq   uint64    `json:"seq"`
	World time.Time `json:"true_time"`
	Event string    `json:"event"`
	Token string    `json:"token,omitempty" doc:"hardware id; left out for an event of the world"`
	Clock *int64    `json:"token_unix_ms,omitempty" doc:"the token's clock, if it is set"`
	Value int64     `json:"value,omitempty" doc:"depends on the event"`
	State string    `json:"state,omitempty" doc:"the new state"`
}
