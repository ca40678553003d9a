// SPDX-License-Identifier: Apache-2.0

package seedfile

// duo is what is pasted into, or uploaded to, Duo's Admin Panel under "Import
// hardware tokens":
//
//	serial,seed
//
// The seed is hexadecimal. Type, digits and period are chosen in the form, for
// TOTP 6 or 8 digits and 30 or 60 seconds: the reader takes them from the
// options, and fails with [ErrNoPeriod] where these have no period. Everything
// is read as TOTP.
var duo = pairFormat("duo", "Duo, serial and seed")

// pingID is the file of PingID's "Import OATH tokens", .csv or .txt:
//
//	serial,seed
//
// as [duo], and PingID's documentation says that there must be no space. Type
// and refresh interval, 30 or 60 seconds, are chosen for each file.
var pingID = pairFormat("pingid", "PingID, serial and seed")

func pairFormat(name, title string) *Format {
	return &Format{
		Name: name, Title: title, Extension: ".csv",
		carries: func(*Record) Field { return FieldSerial },
		detect:  detectPair,
		read: newFunc(name, (&csvDialect{
			name: name, comma: ',', least: 2, columns: []string{"serial", "seed"},
			record: func(c *csvReader, f [][]byte, r *Record) (err error) {
				if r.Serial, err = serial(f[0]); err != nil {
					return err
				}
				if r.Seed, err = hexSeed(f[1]); err != nil {
					return err
				}
				o := &c.lines.options
				r.Algorithm, r.Digits = o.Algorithm, o.defaultDigits()
				r.Step, err = o.defaultStep()
				return err
			},
		}).reader),
		write: writeFunc(recordWriter{format: name, add: func(dst []byte, r *Record) ([]byte, error) {
			dst, err := appendSerial(dst, r)
			dst = append(dst, ',')
			return append(appendHex(dst, r.Seed), '\n'), err
		}}),
	}
}
