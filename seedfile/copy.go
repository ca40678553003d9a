// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"context"
	"errors"
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
