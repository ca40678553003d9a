// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// ErrSeeds is the error of a record that does not fit any virtual token.
var ErrSeeds = errclass.New(errclass.Usage, "cannot simulate this token")

// FromSeeds makes a locked token from each record, with the record's serial number,
// seed and expiry date. The token's clock is set to the world's time plus the drift in
// the file. A start date is not used: the server checks it, and a token has none. If
// model is nil, each token gets the first model that shows enough digits. The error
// wraps ErrSeeds or ErrCount, or is the reader's.
func FromSeeds(w *virtual.World, r seedfile.Reader, model *virtual.Model) ([]*virtual.Token, error) {
	var tokens []*virtual.Token
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			if len(tokens) == 0 {
				return nil, fmt.Errorf("%w: no tokens in the seed file", ErrCount)
			}
			return tokens, nil
		}
		if err != nil {
			return nil, err
		}
		if len(tokens) == MaxCount {
			return nil, fmt.Errorf("%w: more than %d tokens in the seed file", ErrCount, MaxCount)
		}
		t, err := fromSeed(w, &rec, model)
		rec.Seed.Destroy()
		if err != nil {
			return nil, fmt.Errorf("line %d: token %s: %w", r.Line(), rec.Name(), err)
		}
		tokens = append(tokens, t)
	}
}

func fromSeed(w *virtual.World, rec *seedfile.Record, model *virtual.Model) (*virtual.Token, error) {
	switch {
	case rec.Type != seedfile.TOTP:
		return nil, fmt.Errorf("%w: type %s, want TOTP", ErrSeeds, rec.Type)
	case rec.ForeignSerial != "":
		return nil, fmt.Errorf("%w: serial number: %w", ErrSeeds, token.ErrSerial)
	case rec.Serial.IsZero():
		return nil, fmt.Errorf("%w: no serial number", ErrSeeds)
	}
	if model == nil {
		model = modelFor(rec.Digits)
	}
	p := model.Profile()
	p.Digits, p.Algorithm, p.Step, p.T0 = rec.Digits, rec.Algorithm, rec.Step, rec.T0
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSeeds, err)
	}
	if int(p.Digits) > model.Digits {
		return nil, fmt.Errorf("%w: %d digits, but the LCD of %s has %d", ErrSeeds, p.Digits, model.Name, model.Digits)
	}
	expiry, err := rec.Expiry(nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSeeds, err)
	}
	payload := serialproto.Payload{Seed: PaddedSeed(rec.Seed), Profile: p, Expiry: expiry, Clock: w.Now().Milli()}
	defer clear(payload.Seed)
	if !expiry.IsZero() {
		payload.Ends = token.UnixSeconds(expiry.Ends(nil).Unix())
	}
	const year = 366 * 24 * time.Hour
	most := int64(year / (time.Duration(rec.Step) * time.Second))
	if rec.Drift < -most || rec.Drift > most {
		return nil, fmt.Errorf("%w: clock drift of %d steps, want at most one year", ErrSeeds, rec.Drift)
	}
	t := w.NewToken(model)
	if err := t.Program(rec.Serial, &payload, true); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSeeds, err)
	}
	t.Skew(time.Duration(rec.Drift) * time.Duration(rec.Step) * time.Second)
	return t, nil
}

// PaddedSeed returns the bytes of a seed, padded with zeros to the shortest seed that a
// token accepts. HMAC pads a short key with zeros as well (RFC 2104 section 2), so the
// codes are the same.
func PaddedSeed(seed token.Seed) []byte {
	b := make([]byte, max(seed.Len(), token.MinSeedLen))
	short := seed.Bytes()
	copy(b, short)
	clear(short)
	return b
}

// modelFor returns the first model whose display has at least that many digits. If
// there is none, it returns the model with the largest display.
func modelFor(digits uint8) *virtual.Model {
	var best *virtual.Model
	for _, p := range token.Profiles() {
		m, err := virtual.ModelByName(p.Name)
		if err != nil {
			continue
		}
		if m.Digits >= int(digits) {
			return m
		}
		if best == nil || m.Digits > best.Digits {
			best = m
		}
	}
	return best
}
