// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"io"
	"time"

	"github.com/d204ef64/fob/seedfile"
)

// Export writes the seeds of all tokens that have one to a seed file, for the server
// under test.
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
		r := seedfile.Record{
			Serial: serial, Type: seedfile.TOTP, Seed: seed, Algorithm: p.Algorithm, Digits: p.Digits, Step: p.Step, T0: p.T0,
			Manufacturer: "fob", Model: m.Token.Model().Name,
			Device: seedfile.Validity{Expiry: seedfile.ExpiryInstant(expiry, nil)},
		}
		err := out.Write(&r)
		seed.Destroy()
		if err != nil {
			return fmt.Errorf("token %s: %w", serial, err)
		}
	}
	return out.Close()
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
