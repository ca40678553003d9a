// SPDX-License-Identifier: Apache-2.0

package bank_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/store"
)

// manyRecords returns a seed file with n tokens, beginning with number 100.
func manyRecords(n int) seedfile.Reader {
	list := make([]seedfile.Record, n)
	for i := range list {
		list[i] = banktest.Record(100 + i)
	}
	return banktest.Records(list...)
}

// ageUnfinishedImports makes unfinished imports appear to have begun a quarter of an
// hour ago. An import's ID contains the time in its first 48 bits (RFC 9562, section
// 5.7).
func ageUnfinishedImports(t *testing.T, v *victim) {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	ms := time.Now().Add(-15 * time.Minute).UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	_, err := pgtest.Raw(t, v.Name).ExecContext(t.Context(), "UPDATE token SET import = $1 WHERE condition = 0", id.String())
	require.NoError(t, err)
}

// hookedReader is a seed file that calls hook before it reads the record number at.
type hookedReader struct {
	seedfile.Reader
	n    int
	at   int
	hook func()
}

func (s *hookedReader) Read() (seedfile.Record, error) {
	if s.n++; s.n == s.at {
		s.hook()
	}
	return s.Reader.Read()
}

// TestImportTakenForBrokenOff: an import takes so long that another server removes its
// first tokens. It must then import none of the others.
func TestImportTakenForBrokenOff(t *testing.T) {
	banktest.Each(t, func(t *testing.T, d *banktest.Harness) {
		other := openSecond(t, d, d.Master)
		v := &victim{Harness: d, t: t}
		r := &hookedReader{Reader: manyRecords(2500), at: 2200, hook: func() {
			db := pgtest.Raw(t, d.Name)
			require.Eventually(t, func() bool {
				var n int
				err := db.QueryRow("SELECT COUNT(*) FROM token WHERE condition = 0").Scan(&n)
				return err == nil && n == 2000
			}, 5*time.Minute, time.Millisecond)
			ageUnfinishedImports(t, v)
			require.NoError(t, other.DropUnfinished(t.Context()))
		}}
		_, err := d.Bank.Import(t.Context(), banktest.Clerk, r, bank.ImportOptions{})
		require.ErrorIs(t, err, bank.ErrConflict)
		require.ErrorContains(t, err, "nothing was imported")
		require.Zero(t, countTokens(t, other))
		var n int
		require.NoError(t, pgtest.Raw(t, d.Name).QueryRow("SELECT COUNT(*) FROM token").Scan(&n))
		require.Zero(t, n)
		_, err = other.Import(t.Context(), banktest.Clerk, manyRecords(2500), bank.ImportOptions{})
		require.NoError(t, err)
	})
}

// TestImportStart: the start of a token's validity is the later of the dates of the
// device and of the policy in its file (RFC 6030, sections 4.2.1 and 5).
func TestImportStart(t *testing.T) {
	d := banktest.New(t, banktest.SQLite(t))
	day := time.Date(2031, 10, 1, 0, 0, 0, 0, time.UTC)
	serial := d.Import("", 1, func(r *seedfile.Record) {
		r.Device.Start, r.Policy.Start = day, day.AddDate(0, 1, 0)
	})[0]
	none := d.Inventory()
	require.NoError(t, d.DB.View(t.Context(), func(tx *store.Tx) error {
		row, err := tx.Token(serial)
		require.NoError(t, err)
		require.EqualValues(t, day.AddDate(0, 1, 0).Unix(), row.Start)
		row, err = tx.Token(none)
		require.NoError(t, err)
		require.Zero(t, row.Start)
		return nil
	}))
}

// TestImportExpiryZone: the end of a day in UTC is on the next day in Japan (UTC+9).
func TestImportExpiryZone(t *testing.T) {
	end := func(text string) func(*seedfile.Record) {
		at, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return func(r *seedfile.Record) { r.Device.Expiry = at }
	}
	d := banktest.New(t, banktest.SQLite(t))
	n := 0
	importOne := func(zone string, change func(*seedfile.Record)) (string, []string) {
		n++
		plain, r := banktest.Record(n*1000), banktest.Record(n*1000+1)
		change(&r)
		z, err := bank.ParseExpiryZone(zone)
		require.NoError(t, err)
		report, err := d.Bank.Import(t.Context(), banktest.Clerk, banktest.Records(plain, r), bank.ImportOptions{Zone: z})
		if zone == "ask" && err != nil {
			require.ErrorIs(t, err, bank.ErrInvalid)
			for _, serial := range []token.Serial{plain.Serial, r.Serial} {
				_, missing := d.Bank.Token(t.Context(), banktest.Clerk, serial)
				require.ErrorIs(t, missing, bank.ErrNotFound)
			}
			return "", []string{err.Error()}
		}
		require.NoError(t, err)
		tok, err := d.Bank.Token(t.Context(), banktest.Clerk, r.Serial)
		require.NoError(t, err)
		return tok.Expiry.String(), report.Warnings
	}
	for _, c := range []struct{ end, japan, utc string }{
		{"2031-03-31T23:59:59Z", "2031-04-01", "2031-03-31"},
		{"2031-03-31T15:00:00Z", "2031-04-01", "2031-03-31"},
		{"2031-03-31T14:59:59Z", "2031-03-31", "2031-03-31"},
		{"2031-03-31T00:00:00+09:00", "2031-03-31", "2031-03-30"},
		{"2031-03-31T00:00:00Z", "2031-03-31", "2031-03-31"},
		{"9999-12-31T23:59:59Z", "9999-12-31", "9999-12-31"},
		// This day has number 0, which means no date in the tables. It is stored as the
		// next day.
		{"1970-01-01T00:30:00+09:00", "1970-01-02", "1970-01-02"},
		{"1970-01-01T12:00:00Z", "1970-01-02", "1970-01-02"},
	} {
		got, warnings := importOne("japan", end(c.end))
		require.Equal(t, c.japan, got, c.end)
		require.Empty(t, warnings, "the clerk has chosen")
		got, warnings = importOne("utc", end(c.end))
		require.Equal(t, c.utc, got, c.end)
		require.Empty(t, warnings)
		got, warnings = importOne("ask", end(c.end))
		if c.japan == c.utc {
			require.Equal(t, c.japan, got, c.end)
			require.Empty(t, warnings)
		} else {
			require.Empty(t, got, c.end)
			require.Contains(t, warnings[0], "expiry_zone: token "+banktest.Serial(n*1000+1).String()+" expires on "+c.japan+" in Japan, on "+c.utc+" in UTC")
		}
		got, warnings = importOne("", end(c.end))
		require.Equal(t, c.japan, got, c.end)
		if c.japan == c.utc {
			require.Empty(t, warnings, c.end)
			continue
		}
		require.Len(t, warnings, 1, c.end)
		require.Contains(t, warnings[0], banktest.Serial(n*1000+1).String()+" ("+c.japan+" in Japan, "+c.utc+" in UTC)")
		require.Contains(t, warnings[0], "in UTC: 1, the first is", "the other token has the same date in both")
	}
	got, warnings := importOne("utc", func(r *seedfile.Record) { r.Device.Expiry = time.Time{} })
	require.Equal(t, token.Expiry{}.String(), got)
	require.Empty(t, warnings)
	_, err := bank.ParseExpiryZone("mars")
	require.ErrorIs(t, err, bank.ErrInvalid)
}
