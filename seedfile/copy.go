// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
)

// Losses counts the fields that a copy left out.
type Losses struct {
	Records int           // number of records copied
	Lost    map[Field]int // number of records in which a field was left out, by field
}

// CopyOptions changes a copy.
type CopyOptions struct {
	For    *Server           // server that the file is written for; see WriteOptions.For
	Strict bool              // return [ErrLost] instead of leaving a field out
	Each   func(records int) // called after each record, unless nil
	// Skip is called with the error of a record that the target cannot hold
	// ([ErrValue]), and the copy continues without that record. If Skip is nil, the
	// error ends the copy.
	Skip func(error)
}

// Copy writes all records of r to w, a writer of the format to, and closes w. If it
// returns an error, the file written so far must be discarded.
func Copy(ctx context.Context, w Writer, to *Format, r Reader, o CopyOptions) (Losses, error) {
	l := Losses{Lost: map[Field]int{}}
	for {
		if err := ctx.Err(); err != nil {
			return l, err
		}
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return l, w.Close()
		}
		if err != nil {
			return l, err
		}
		lost := to.Lost(&rec)
		if o.For != nil {
			lost = o.For.Lost(to, &rec)
		}
		if lost != 0 && o.Strict {
			return l, &Error{to.Name, r.Line(), safeName(&rec), lost.String(), ErrLost}
		}
		for _, field := range lost.Each() {
			l.Lost[field]++
		}
		err = w.Write(&rec)
		rec.Seed.Destroy()
		if err != nil && o.Skip != nil && errors.Is(err, ErrValue) {
			for _, field := range lost.Each() {
				l.Lost[field]--
				if l.Lost[field] == 0 {
					delete(l.Lost, field)
				}
			}
			o.Skip(err)
			continue
		}
		if err != nil {
			return l, err
		}
		l.Records++
		if o.Each != nil {
			o.Each(l.Records)
		}
	}
}

// Unique returns a reader that refuses a duplicate with [ErrDuplicate]: a serial
// number, a seed, or a key id other than the serial number that occurred before in the
// file. For each record it keeps two or three salted hashes of 64 bits, and line
// numbers, about 60 or 90 bytes. Among files with a million values, one in 37 million
// has two different values with the same hash.
func Unique(r Reader, format string) Reader {
	return &unique{
		Reader: r, format: format, salt: maphash.MakeSeed(),
		serials: map[uint64]uint32{}, keys: map[uint64]uint32{}, seeds: map[uint64]uint32{},
	}
}

type unique struct {
	Reader
	format  string
	salt    maphash.Seed
	serials map[uint64]uint32 // hash to line
	keys    map[uint64]uint32
	seeds   map[uint64]uint32
}

func (u *unique) Read() (Record, error) {
	r, err := u.Reader.Read()
	if err != nil {
		return r, err
	}
	if s := r.SerialText(); s != "" {
		// The issue number distinguishes tokens with the same serial number.
		key := append(make([]byte, 0, 64), s...)
		key = append(append(key, 0), r.IssueNo...)
		if first, twice := u.seen(u.serials, key); twice {
			return Record{}, u.duplicate(&r, "serial number", first)
		}
	}
	if r.KeyID != "" && r.KeyID != r.SerialText() {
		if first, twice := u.seen(u.keys, []byte(r.KeyID)); twice {
			r.Seed.Destroy()
			return Record{}, u.duplicate(&r, "key id", first)
		}
	}
	b := r.Seed.Bytes()
	first, twice := u.seen(u.seeds, b)
	clear(b)
	if twice {
		return Record{}, u.duplicate(&r, "seed", first)
	}
	return r, nil
}

// seen returns the line at which a value first occurred, if it did, and remembers the
// value.
func (u *unique) seen(in map[uint64]uint32, value []byte) (line uint32, twice bool) {
	key := maphash.Bytes(u.salt, value)
	if line, twice = in[key]; !twice {
		in[key] = uint32(u.Line())
	}
	return line, twice
}

func (u *unique) duplicate(r *Record, field string, first uint32) error {
	return &Error{u.format, u.Line(), safeName(r), field, fmt.Errorf("%w: first in %s", ErrDuplicate, place(u.format, int(first)))}
}
