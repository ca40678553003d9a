// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"math"
	"strconv"
)

// duo is the text for Duo's Admin Panel, pasted or uploaded under "Import hardware
// tokens":
//
//	serial,seed
//
// The seed is hexadecimal. Type, digits and period are chosen in the form; TOTP has 6
// or 8 digits and a period of 30 or 60 seconds. The reader takes them from the options,
// and fails with [ErrNoPeriod] if these have no period. The file does not contain the
// type. A line is read as TOTP, unless a third column has a counter.
var duo = pairFormat("duo", "Duo, serial and seed", false)

// pingID is the .csv or .txt file for PingID's "Import OATH tokens":
//
//	serial,seed
//
// It is like [duo]. PingID's documentation forbids spaces. Type and refresh interval,
// 30 or 60 seconds, are chosen for each file. A third column may have the counter of
// HOTP.
var pingID = pairFormat("pingid", "PingID, serial and seed", true)

// pairFormat returns duo or pingID. counters selects whether a counter is written: Duo
// does not document its third column.
func pairFormat(name, title string, counters bool) *Format {
	return &Format{
		Name: name, Title: title, Extension: ".csv",
		carries: func(r *Record) Field {
			if counters && r.Type == HOTP && r.Counter > 0 {
				return FieldSerial | FieldType | FieldCounter
			}
			return FieldSerial
		},
		detect: detectPair,
		read: csvDialect{
			name: name, comma: ',', least: 2, columns: []string{"serial", "seed", "counter"},
			record: func(c *csvReader, f [][]byte, r *Record) (err error) {
				if err = r.setSerial(f[0]); err != nil {
					return err
				}
				if r.Seed, err = hexSeed(f[1]); err != nil {
					return err
				}
				o := &c.lines.options
				r.Algorithm, r.Digits = o.Algorithm, o.defaultDigits()
				if len(f) > 2 && len(f[2]) > 0 {
					r.Type = HOTP
					r.Counter, err = number("counter", f[2], math.MaxUint64)
					return err
				}
				r.Step, err = o.defaultStep()
				return err
			},
		}.read(),
		write: writeFunc(recordWriter{format: name, add: func(dst []byte, r *Record) ([]byte, error) {
			dst, err := appendSerial(dst, r)
			dst = append(dst, ',')
			dst = appendHex(dst, r.Seed)
			if counters && r.Type == HOTP && r.Counter > 0 {
				dst = append(dst, ',')
				dst = strconv.AppendUint(dst, r.Counter, 10)
			}
			return append(dst, '\n'), err
		}}),
	}
}
