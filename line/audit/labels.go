// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/regularfile"
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/line/journal"
)

// labels compares the printed labels with the records. A unit can become void after its
// label was printed: its device did not come back, or failed at last.
func (a *auditor) labels() error {
	err := a.rows("label", "SELECT unit, COUNT(*), SUM(CASE printed WHEN 0 THEN 0 ELSE 1 END) FROM label GROUP BY unit ORDER BY unit", func(s sqldb.Scanner) error {
		var id, prints, labels int64
		if err := s.Scan(&id, &prints, &labels); err != nil {
			return err
		}
		if u := a.units[id]; u != nil {
			u.prints, u.labels = prints, labels
		} else {
			a.fault("labels were printed for unit %d, which does not exist", id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(a.units)) {
		u, p := a.units[id], a.history.units[id]
		if u.order != nil {
			u.order.Labels += u.labels
		}
		if p != nil && (p.prints != u.prints || p.labels != u.labels) {
			a.fault("unit %s has %d labels, of which the printer has %d, but %d and %d in the records", u.serial, u.prints, u.labels, p.prints, p.labels)
		}
		switch {
		case u.state == journal.Void && u.prints > 0:
			a.note("unit %s is void, and its label may have been printed before: make sure that it was destroyed", u.serial)
		case u.state == journal.Done && u.prints > u.labels:
			a.note("unit %s: of its %d labels, %d may not have been printed: make sure that no more than %d exist", u.serial, u.prints, u.prints-u.labels, u.labels)
		}
	}
	return nil
}

var again = regexp.MustCompile(`-[0-9]+$`)

// labelFolder compares the files of labels with the units. The printer names a file
// SERIAL.zpl, and further ones SERIAL-2.zpl.
func (a *auditor) labelFolder(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		a.fault("labels: the folder %s cannot be read: %v", dir, atomicfile.Cause(err))
		return
	}
	units := map[string]*unitState{}
	for _, u := range a.units {
		units[u.serial] = u
	}
	files := map[*unitState]int64{}
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		name := strings.TrimSuffix(e.Name(), ext)
		u := units[name]
		if u == nil {
			u = units[again.ReplaceAllString(name, "")]
		}
		if u == nil {
			a.fault("label %s belongs to no unit", e.Name())
			continue
		}
		switch files[u]++; {
		case u.prints == 0:
			a.fault("label %s belongs to unit %s, which is %s and has no label in the records", e.Name(), u.serial, u.state)
		case files[u] == u.prints+1:
			a.fault("label %s: %d labels of unit %s are in the records, and there are more files", e.Name(), u.prints, u.serial)
		}
		if ext != ".zpl" {
			continue
		}
		b, err := regularfile.Read(filepath.Join(dir, e.Name()))
		switch {
		case err != nil:
			a.fault("label %s cannot be read: %v", e.Name(), atomicfile.Cause(err))
		case !bytes.Contains(b, []byte(u.serial)):
			a.fault("label %s does not contain its serial number", e.Name())
		}
	}
}
