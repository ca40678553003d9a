// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"github.com/d204ef64/fob/token"
)

// Unique returns a reader that refuses a serial number or a seed that comes
// twice in the file, with [ErrDuplicate]. It keeps about 100 bytes for each
// record, and of seeds no more than a salted hash.
func Unique(r Reader, format string) Reader {
	u := &unique{Reader: r, format: format, serials: map[serialKey]int32{}, seeds: map[[16]byte]int32{}}
	_, _ = rand.Read(u.salt[:])
	return u
}

type unique struct {
	Reader
	format  string
	salt    [16]byte
	serials map[serialKey]int32 // to the line
	seeds   map[[16]byte]int32
}

type serialKey struct {
	serial token.Serial
	issue  string // tells apart tokens with one serial number
}

func (u *unique) Read() (Record, error) {
	r, err := u.Reader.Read()
	if err != nil {
		return r, err
	}
	line := u.Line()
	if !r.Serial.IsZero() {
		key := serialKey{r.Serial, r.IssueNo}
		if first, twice := u.serials[key]; twice {
			return Record{}, u.duplicate(&r, "serial number", first)
		}
		u.serials[key] = int32(line)
	}
	b := r.Seed.Bytes()
	hash := sha256.Sum256(append(u.salt[:], b...))
	clear(b)
	key := [16]byte(hash[:])
	if first, twice := u.seeds[key]; twice {
		return Record{}, u.duplicate(&r, "seed", first)
	}
	u.seeds[key] = int32(line)
	return r, nil
}

func (u *unique) duplicate(r *Record, field string, first int32) error {
	return &Error{u.format, u.Line(), r.Name(), field, fmt.Errorf("%w: first in line %d", ErrDuplicate, first)}
}
