// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/d204ef64/fob/internal/vault"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// importRows is the number of tokens that one transaction imports.
const importRows = 20 * store.TokenRows

// ImportOptions are the options of importing a seed file.
type ImportOptions struct {
	Contract string // to which all tokens are issued at once; "" for the inventory

	Zone     ExpiryZone
	Progress func(tokens int)
}

// Import imports all tokens of a seed file, or none. It writes them in batches, which
// leaves room for checks in between, and they become visible only when the last batch
// is written. [Bank.DropUnfinished] removes the rest of an interrupted import.
//
// Each record must be a token of this bank (see [validator.CheckProfile]) and have a
// serial number. Neither the serial number nor the seed may exist already. The error
// names the record that is wrong.
func (b *Bank) Import(ctx context.Context, by By, r seedfile.Reader, o ImportOptions) (report ImportReport, err error) {
	began := time.Now()
	if err := by.requireBackOffice(); err != nil {
		return report, err
	}
	i := importing{bank: b, id: newID(), now: b.Now(), o: o}
	err = b.db.View(ctx, func(tx *store.Tx) error {
		// Another server may have created a new key and dropped the one known here.
		if err := b.loadKeys(tx); err != nil || o.Contract == "" {
			return err
		}
		_, err := tx.Contract(o.Contract)
		return missing(err, "contract", o.Contract)
	})
	if err != nil {
		return report, err
	}
	if err := i.all(ctx, r); err != nil {
		// Clean up even if the caller has gone.
		drop := i.drop(context.WithoutCancel(ctx))
		return report, errors.Join(err, drop)
	}
	err = b.db.Long(ctx, func(tx *store.Tx) error {
		n, err := tx.FinishImport(i.id)
		if err != nil {
			return err
		}
		if n != int64(i.done) {
			return conflict("the import took longer than %s, was treated as interrupted, and nothing was imported: "+
				"import the file in parts", importLasts)
		}
		report.Tokens = int(n)
		if o.Contract != "" && n > 0 {
			c, err := tx.Contract(o.Contract)
			if err != nil {
				return err
			}
			c.HadFree = true
			if err := tx.PutContract(c); err != nil {
				return err
			}
		}
		tx.AddAudit(by.note(i.now, validator.ActImport, validator.BK09, noSerial, o.Contract, fmt.Sprintf("%d tokens, import %s", n, i.id)))
		return nil
	})
	if err != nil {
		return report, errors.Join(err, i.drop(context.WithoutCancel(ctx)))
	}
	report.Took = time.Since(began)
	if i.later > 0 {
		report.warn("tokens imported with an expiry date that is one day earlier in UTC: %d, the first is %s (%s in Japan, %s in UTC): "+
			"compare the date with the back label, and choose the time zone when you import such files", i.later, i.example, i.japan, i.utc)
	}
	b.observer.Imported(by, report)
	return report, nil
}

func (r *ImportReport) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// ExpiryZone is the time zone in which a file's expiry time becomes a date. The back
// label may show the date in Japan or the date in UTC.
type ExpiryZone string

// The values of [ExpiryZone].
const (
	ZoneDefault ExpiryZone = ""      // Japan's, with a warning if the date in UTC differs
	ZoneJapan   ExpiryZone = "japan" // Japan's
	ZoneUTC     ExpiryZone = "utc"
	ZoneAsk     ExpiryZone = "ask" // an error of the field "expiry_zone" if the dates differ, and nothing is imported
)

// ParseExpiryZone returns the time zone with a name.
func ParseExpiryZone(name string) (ExpiryZone, error) {
	switch z := ExpiryZone(name); z {
	case ZoneDefault, ZoneJapan, ZoneUTC, ZoneAsk:
		return z, nil
	}
	return ZoneDefault, invalid("expiry_zone", "want japan, utc or ask")
}

// importing is an import in progress.
type importing struct {
	bank *Bank
	id   string
	now  token.UnixSeconds
	o    ImportOptions
	done int

	later      int          // number of tokens whose expiry date is later in Japan than in UTC
	example    token.Serial // the first of them
	japan, utc token.Expiry // its dates
}

// all reads the file to its end. It reads the next batch while the previous one is
// written.
func (i *importing) all(ctx context.Context, r seedfile.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batches := make(chan []store.TokenRow)
	written := make(chan error, 1)
	go func() {
		var err error
		for rows := range batches {
			if err == nil {
				if err = i.batch(ctx, rows); err != nil {
					cancel() // the reading
				}
			}
		}
		written <- err
	}()
	read := i.read(ctx, r, batches)
	close(batches)
	if err := <-written; err != nil {
		return err
	}
	return read
}

// read sends the records of a file to batches.
func (i *importing) read(ctx context.Context, r seedfile.Reader, batches chan<- []store.TokenRow) error {
	rows := make([]store.TokenRow, 0, importRows)
	for {
		record, err := r.Read()
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return &Error{Kind: ErrInvalid, Field: "file", Problem: err.Error(), Cause: err}
		}
		if !last {
			row, err := i.row(&record)
			if choose := (*Error)(nil); errors.As(err, &choose) {
				return choose
			}
			if err != nil {
				return &Error{Kind: ErrInvalid, Field: "file", Problem: fmt.Sprintf("line %d, token %s: %v", r.Line(), record.Name(), err)}
			}
			rows = append(rows, row)
		}
		if last || len(rows) == importRows {
			select {
			case batches <- rows:
			case <-ctx.Done():
				return ctx.Err()
			}
			rows = make([]store.TokenRow, 0, importRows)
		}
		if last {
			return nil
		}
	}
}

// row converts a record into a row, with its seed sealed.
func (i *importing) row(r *seedfile.Record) (row store.TokenRow, err error) {
	if r.ForeignSerial != "" {
		return row, fmt.Errorf("the bank cannot store its serial number: %w", token.ErrSerial)
	}
	if r.Serial.IsZero() {
		return row, errors.New("it has no serial number, by which the bank identifies tokens")
	}
	if r.Type != seedfile.TOTP {
		return row, fmt.Errorf("%w: it is an HOTP token", validator.ErrNotBanks)
	}
	p := token.Profile{Step: r.Step, Digits: r.Digits, Algorithm: r.Algorithm, T0: r.T0}
	if err := validator.CheckProfile(p); err != nil {
		return row, err
	}
	expiry, err := i.expiry(r)
	if err != nil {
		return row, err
	}
	if !expiry.IsZero() && expiry.Days() == 0 {
		// 1970-01-01 is day 0, which means "none" in the tables. Day 1 has also
		// expired.
		if expiry, err = token.ExpiryFromDays(1); err != nil {
			return row, err
		}
	}
	row.Token = Token{
		Serial: r.Serial, Contract: i.o.Contract, Profile: p, Manufacturer: shorten(r.Manufacturer), Model: shorten(r.Model),
		Expiry: expiry, Imported: i.now,
	}
	if start := r.Effective().Start; !start.IsZero() {
		row.Start = token.UnixSecondsOf(start)
	}
	if r.Drift != 0 {
		reach := i.bank.settings.ResyncWindow
		if r.Drift > reach || r.Drift < -reach {
			return row, fmt.Errorf("its clock is off by %d steps, and the bank accepts at most %d", r.Drift, reach)
		}
		row.State.Drift = validator.DriftOf(r.Drift)
	}
	row.Import = i.id
	plain := r.Seed.Bytes()
	defer clear(plain)
	row.Fingerprint = i.bank.ring.Fingerprint(plain)
	row.SealKey, row.Sealed, err = i.bank.ring.Seal(r.Serial.String(), plain)
	return row, err
}

// expiry returns the expiry date of a record in the time zone of the import. If no zone
// was chosen and the dates differ, it counts the token, or returns an error for
// [ZoneAsk].
func (i *importing) expiry(r *seedfile.Record) (token.Expiry, error) {
	japan, err := r.Expiry(token.Tokyo())
	if err != nil {
		return japan, err
	}
	utc, err := r.Expiry(time.UTC)
	if err != nil {
		// 1970-01-01 in Japan begins on 1969-12-31 in UTC, which an Expiry cannot
		// represent.
		utc = japan
	}
	switch {
	case i.o.Zone == ZoneUTC:
		return utc, nil
	case i.o.Zone == ZoneJapan || japan == utc:
	case i.o.Zone == ZoneAsk:
		return japan, invalid("expiry_zone", "token %s expires on %s in Japan, on %s in UTC, and nothing was imported: "+
			"compare the date with the back label, and import the file again with a time zone", r.Serial, japan, utc)
	default:
		if i.later++; i.later == 1 {
			i.example, i.japan, i.utc = r.Serial, japan, utc
		}
	}
	return japan, nil
}

// batch writes one batch of tokens.
func (i *importing) batch(ctx context.Context, rows []store.TokenRow) error {
	if len(rows) == 0 {
		return nil
	}
	err := i.add(ctx, rows)
	if errors.Is(err, store.ErrExists) {
		if err = i.clear(ctx, rows, err); err == nil {
			err = i.add(ctx, rows)
		}
	}
	if err != nil {
		return err
	}
	i.done += len(rows)
	if i.o.Progress != nil {
		i.o.Progress(i.done)
	}
	return nil
}

func (i *importing) add(ctx context.Context, rows []store.TokenRow) error {
	return i.bank.db.Update(ctx, func(tx *store.Tx) error {
		err := tx.HoldDataKey(vault.PurposeSeed, rows[0].SealKey)
		if errors.Is(err, store.ErrNotFound) {
			return conflict("the keys were rotated while the file was read, and nothing was imported: import it again")
		}
		if err != nil {
			return err
		}
		return tx.AddTokens(rows)
	})
}

// clear returns an error that names the tokens of a batch that exist already, or
// removes tokens that an interrupted import has left behind.
func (i *importing) clear(ctx context.Context, rows []store.TokenRow, exists error) error {
	var k store.Conflicts
	err := i.bank.db.View(ctx, func(tx *store.Tx) (err error) {
		k, err = tx.TokenConflicts(rows)
		return err
	})
	switch {
	case err != nil:
		return err
	case len(k.Serials) > 0:
		return conflict("nothing was imported: the bank already has these tokens: %s", abbreviateNames(k.Serials))
	case len(k.SameSeed) > 0:
		return conflict("nothing was imported: these tokens have the same seed: %s", abbreviateNames(k.SameSeed))
	case len(k.Imports) == 0:
		return exists
	}
	for _, id := range k.Imports {
		if id == i.id {
			return conflict("nothing was imported: a serial number or a seed occurs twice in the file")
		}
		if !brokenOff(id) {
			return conflict("another import of these tokens is running, or was interrupted less than %s ago: try again later", importLasts)
		}
		if err := i.bank.dropImport(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// importLasts is the maximum duration of an import: a million tokens take two minutes.
const importLasts = 10 * time.Minute

// brokenOff reports whether an import began too long ago to be still in progress. Its
// ID contains the time.
func brokenOff(id string) bool {
	u, err := uuid.Parse(id)
	if err != nil {
		return true
	}
	sec, nsec := u.Time().UnixTime()
	return time.Since(time.Unix(sec, nsec)) > importLasts
}

// abbreviateNames lists the first few of many names.
func abbreviateNames(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// drop removes the tokens imported so far.
func (i *importing) drop(ctx context.Context) error { return i.bank.dropImport(ctx, i.id) }

func (b *Bank) dropImport(ctx context.Context, id string) error {
	for {
		var n int64
		err := b.db.Update(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.DropImport(id, importRows)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// DropUnfinished removes the tokens of interrupted imports.
func (b *Bank) DropUnfinished(ctx context.Context) error {
	var ids []string
	err := b.db.View(ctx, func(tx *store.Tx) (err error) {
		ids, err = tx.UnfinishedImports()
		return err
	})
	for _, id := range ids {
		if brokenOff(id) {
			err = errors.Join(err, b.dropImport(ctx, id))
		}
	}
	return err
}
