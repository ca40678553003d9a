// SPDX-License-Identifier: Apache-2.0

package export

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/token"
)

// UnitsName is the file with one JSON record for each unit.
const UnitsName = "units.jsonl"

// Unit is the record of a unit in an export. A value that does not exist is null.
type Unit struct {
	Serial     string          `json:"serial"`
	State      journal.State   `json:"state"` // done or void
	HardwareID string          `json:"hardware_id"`
	DeviceKey  string          `json:"device_key"`
	Expiry     token.Expiry    `json:"expiry"`
	Station    string          `json:"station"`
	Port       string          `json:"port"`
	Began      time.Time       `json:"began"`
	Ended      *time.Time      `json:"ended"`
	Attempts   int             `json:"attempts"`
	Failures   int             `json:"failures"`
	Reason     *string         `json:"reason"`
	Bin        *journal.Bin    `json:"bin"`
	Results    journal.Results `json:"results"`
}

// UnitOf returns the record of a unit.
func UnitOf(u *journal.Unit, station string) Unit {
	r := Unit{
		Serial: u.Serial.String(), State: u.State, HardwareID: u.HardwareID.String(), DeviceKey: fmt.Sprintf("%x", u.DeviceKey),
		Station: station, Port: u.Socket, Expiry: u.Expiry, Began: u.Began, Attempts: u.Attempts, Failures: u.Failures, Results: u.Results,
	}
	if !u.Ended.IsZero() {
		r.Ended = &u.Ended
	}
	if u.State == journal.Void {
		r.Reason, r.Bin = &u.Reason, &u.Bin
	}
	return r
}

// Contains reports whether an export with the manifest lists a unit in its records: those
// that are done in it, and all that were void when it was made.
func (m *Manifest) Contains(u *journal.Unit) bool {
	switch u.State {
	case journal.Done:
		return u.Finished > m.After && u.Finished <= m.Through
	case journal.Void:
		return !u.Ended.After(m.Created)
	}
	return false
}

// units writes the records of the units, and returns the facts for the certificate.
func (b *builder) units(ctx context.Context) (*summary, error) {
	s := newSummary()
	m := b.manifest()
	err := b.file(UnitsName, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return EachUnit(ctx, b.journal, b.info.Name, "", func(u *journal.Unit) error {
			if !m.Contains(u) {
				return nil
			}
			s.add(u)
			return e.Encode(UnitOf(u, b.state.Station))
		})
	})
	if err != nil {
		return nil, err
	}
	return s, b.file("units.csv", func(w io.Writer) error { return b.csv(ctx, w, &m) })
}

// EachUnit calls fn with the units of an order, or only with the ones in a state.
func EachUnit(ctx context.Context, j *journal.Journal, name string, state journal.State, fn func(*journal.Unit) error) error {
	f := journal.UnitFilter{State: state, Page: sqldb.Page{Limit: 1000}}
	for {
		list, next, err := j.Units(ctx, name, f)
		if err != nil {
			return err
		}
		for i := range list {
			if err := fn(&list[i]); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		f.After = next
	}
}

// csv writes the same records for a spreadsheet. An empty cell is a value that was not
// measured.
func (b *builder) csv(ctx context.Context, out io.Writer, m *Manifest) error {
	w := csv.NewWriter(out)
	err := w.Write([]string{
		"serial", "state", "expiry", "hardware_id", "model", "firmware", "port", "began", "ended", "attempts", "failures",
		"supply_mv", "clock_error_ms", "clock_error_spread_ms", "drift_ppm", "drift_spread_ppm", "codes", "code_from", "enrolled", "cycle_s", "reason", "bin",
	})
	if err != nil {
		return err
	}
	err = EachUnit(ctx, b.journal, b.info.Name, "", func(u *journal.Unit) error {
		if !m.Contains(u) {
			return nil
		}
		r := &u.Results
		return w.Write([]string{
			u.Serial.String(), string(u.State), u.Expiry.String(), u.HardwareID.String(), r.Model, r.Firmware, u.Socket,
			u.Began.Format(time.RFC3339Nano), u.Ended.Format(time.RFC3339Nano), strconv.Itoa(u.Attempts), strconv.Itoa(u.Failures),
			measured(r.Supply), measured(r.ClockError), spread(r.ClockError), measured(r.Drift), spread(r.Drift), strconv.Itoa(r.Codes), r.Read,
			strconv.FormatBool(r.Enrolled), number(r.Cycle), u.Reason, string(u.Bin),
		})
	})
	if err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

func measured(m *journal.Measurement) string {
	if m == nil {
		return ""
	}
	return number(m.Value)
}

func spread(m *journal.Measurement) string {
	if m == nil {
		return ""
	}
	return number(m.Spread)
}

// number writes a value with at most three decimals: no measurement is more exact.
func number(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000)/1000+0, 'f', -1, 64) // + 0: no -0
}
