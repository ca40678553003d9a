// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"context"
	"errors"
	"io"
)

// Losses counts what a copy left out.
type Losses struct {
	Records int           // that were copied
	Lost    map[Field]int // records in which a field was left out, by field
}

// CopyOptions change a copy.
type CopyOptions struct {
	For    *Server           // that the file is written for; see WriteOptions.For
	Strict bool              // what would be left out is an error, [ErrLost]
	Each   func(records int) // called after each record; nil is nobody
	// Skip is called with the error of a record that the target cannot hold
	// ([ErrValue]), and the copy goes on without it. nil: the error ends the copy.
	Skip func(error)
}

// Copy writes all records of r to w, which writes the format to, and closes w.
// On an error what was written so far is worth nothing.
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
