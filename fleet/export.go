// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"crypto/subtle"
	"fmt"
	"io"
	"time"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
)

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
		seed, p := m.Token.Secrets()
		if seed.Len() == 0 {
			continue
		}
		serial, expiry := m.Token.BackLabel()
		copied, err := f.copyOf(m, serial, seed)
		if err != nil || copied {
			seed.Destroy()
			if err != nil {
				return err
			}
			continue
		}
		r := seedfile.Record{
			Serial: serial, Type: seedfile.TOTP, Seed: seed, Algorithm: p.Algorithm, Digits: p.Digits, Step: p.Step, T0: p.T0,
			Manufacturer: "fob", Model: m.Token.Model().Name,
			Device: seedfile.Validity{Expiry: seedfile.ExpiryInstant(expiry, nil)},
		}
		err = out.Write(&r)
		seed.Destroy()
		if err != nil {
			return fmt.Errorf("token %s: %w", serial, err)
		}
	}
	return out.Close()
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
