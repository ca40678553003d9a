// SPDX-License-Identifier: Apache-2.0

package export

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/seedfile"
)

// seedFile is a PSKC file of an export.
type seedFile struct {
	name, key string // of the file, and of its key that age encrypted, or ""
	recipient string
	units     int64
}

// seeds writes a PSKC file for each run of the station and recipient. Each recipient must
// get the seeds of all units.
func (b *builder) seeds(ctx context.Context) (list []seedFile, err error) {
	runs, err := b.journal.Runs(ctx, b.info.Name)
	if err != nil {
		return nil, err
	}
	format, err := seedfile.FormatByName("pskc")
	if err != nil {
		return nil, err
	}
	units := map[string]int64{}
	for _, run := range runs {
		s := seedFile{name: fmt.Sprintf("seeds-%d.xml", run.ID), recipient: run.Recipient}
		if s.units, err = b.count(ctx, run.ID); err != nil {
			return nil, err
		}
		units[run.Recipient] += s.units
		if s.units == 0 { // a run in which no unit was finished
			continue
		}
		err := b.file(s.name, func(w io.Writer) error { return b.pskc(ctx, w, format, run) })
		if err != nil {
			return nil, err
		}
		if len(run.KeyAge) > 0 {
			s.key = fmt.Sprintf("seeds-%d.KEY.age", run.ID)
			if err := b.bytes(s.key, run.KeyAge); err != nil {
				return nil, err
			}
		}
		list = append(list, s)
	}
	want := b.state.Done - b.after
	if len(units) == 0 {
		return nil, fmt.Errorf("%w: of all %d units", ErrSeeds, want)
	}
	for _, recipient := range slices.Sorted(maps.Keys(units)) {
		if n := units[recipient]; n != want {
			return nil, fmt.Errorf("%w: it has %d of %d for %s: run fob line audit", ErrSeeds, n, want, recipient)
		}
	}
	return list, nil
}

// each calls fn with the units of a run that are in the export.
func (b *builder) each(ctx context.Context, run int64, fn func(*journal.SealedUnit) error) error {
	return b.journal.Sealed(ctx, run, b.state.Done, func(u journal.SealedUnit) error {
		if u.Finished <= b.after {
			return nil
		}
		return fn(&u)
	})
}

func (b *builder) count(ctx context.Context, run int64) (n int64, err error) {
	err = b.each(ctx, run, func(*journal.SealedUnit) error { n++; return nil })
	return n, err
}

func (b *builder) pskc(ctx context.Context, out io.Writer, format *seedfile.Format, run journal.Run) error {
	w, err := format.NewWriter(out, seedfile.WriteOptions{Sealed: run.Head})
	if err != nil {
		return err
	}
	p := b.order.TokenProfile()
	err = b.each(ctx, run.ID, func(u *journal.SealedUnit) error {
		return w.Write(&seedfile.Record{
			Serial: u.Serial, Algorithm: p.Algorithm, Digits: p.Digits, Step: p.Step, T0: p.T0, Sealed: &u.Seed,
			Manufacturer: "fob", Model: b.order.Model,
			Device: seedfile.Validity{Expiry: seedfile.ExpiryInstant(u.Expiry, nil)},
		})
	})
	if err != nil {
		return err
	}
	return w.Close()
}
