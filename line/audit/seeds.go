// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/line/journal"
)

// copies are the encrypted seeds of a unit.
type copies struct {
	station    bool
	recipients map[string]bool
}

// seeds checks that each unit has the encrypted seeds that its state requires, and no
// others.
func (a *auditor) seeds() error {
	have := map[int64]*copies{}
	err := a.rows("seed", "SELECT seed.unit, seed.run, COALESCE(run.recipient, '') FROM seed LEFT JOIN run ON run.id = seed.run ORDER BY seed.unit, seed.run", func(s sqldb.Scanner) error {
		var id, run int64
		var recipient string
		if err := s.Scan(&id, &run, &recipient); err != nil {
			return err
		}
		u := a.units[id]
		if u == nil || u.order == nil {
			a.fault("there is a seed of unit %d, which does not exist", id)
			return nil
		}
		u.order.Seeds++
		c := have[id]
		if c == nil {
			c = &copies{recipients: map[string]bool{}}
			have[id] = c
		}
		if run == 0 {
			c.station = true
		} else {
			c.recipients[recipient] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(a.units)) {
		if u := a.units[id]; u.order != nil {
			a.unitSeeds(u, have[id])
		}
	}
	return nil
}

func (a *auditor) unitSeeds(u *unitState, c *copies) {
	any := c != nil
	if c == nil {
		c = &copies{}
	}
	switch {
	case u.state == journal.Void:
		if any {
			a.fault("unit %s is void, and its seed is left", u.serial)
		}
		return
	case u.state == journal.Done && u.finished <= u.order.acknowledge:
		if any {
			a.fault("unit %s: its seed is left after the acknowledgement", u.serial)
		}
		return
	case u.state == journal.Allocated || u.state == journal.Sent || u.state == journal.Confirmed:
		if !c.station {
			a.fault("unit %s is %s, and its seed is missing", u.serial, u.state)
		}
		return
	}
	if c.station {
		a.fault("unit %s is %s, and the station still has a copy of its seed", u.serial, u.state)
	}
	for _, recipient := range slices.Sorted(maps.Keys(u.order.recipients)) {
		if !c.recipients[recipient] {
			a.fault("unit %s: its seed for %s is missing", u.serial, recipient)
		}
	}
}

// cipherMark begins an encrypted seed in the bytes of the database.
var cipherMark = []byte(`"cipher":"`)

// maxCipher is the maximum length of an encrypted seed in Base64: RSA with 8192 bits.
const maxCipher = 1400

// deleted searches the bytes of the database's files for seeds that were deleted: the
// seeds of acknowledged exports, and all if none should be left.
func (a *auditor) deleted() error {
	if a.options.Database == "" {
		return nil
	}
	left, acknowledged := int64(0), false
	for _, o := range a.orders {
		left += o.Seeds
		acknowledged = acknowledged || o.acknowledge > 0
	}
	all := acknowledged && left == 0
	if !all && len(a.history.ciphers) == 0 {
		return nil
	}
	for _, suffix := range []string{"", "-wal", "-journal"} {
		found, err := a.search(a.options.Database+suffix, all)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if found > 0 {
			a.fault("the file %s still contains %d encrypted seeds that were deleted: run fob line ack again", a.options.Database+suffix, found)
		}
	}
	return nil
}

// search counts the encrypted seeds in a file: all, or the ones of acknowledged exports.
func (a *auditor) search(path string, all bool) (found int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	buf := make([]byte, 0, 1<<20)
	for {
		n, err := io.ReadFull(f, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		end := err != nil // of the file
		rest := buf
		for {
			i := bytes.Index(rest, cipherMark)
			if i < 0 {
				rest = rest[max(0, len(rest)-len(cipherMark)+1):]
				break
			}
			rest = rest[i:]
			if len(rest) < maxCipher && !end { // it may go on in the next part
				break
			}
			rest = rest[len(cipherMark):]
			value, _, _ := bytes.Cut(rest[:min(len(rest), maxCipher)], []byte{'"'})
			if all || a.history.ciphers[string(value)] {
				found++
			}
		}
		if end {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return found, nil
			}
			return found, err
		}
		buf = buf[:copy(buf, rest)]
	}
}
