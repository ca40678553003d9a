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
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/line/journal"
)

// labels compares the printed labels with the records.
func (a *auditor) labels() error {
	err := a.rows("label", "SELECT unit, COUNT(*) FROM label GROUP BY unit ORDER BY unit", func(s sqldb.Scanner) error {
		var id, n int64
		if err := s.Scan(&id, &n); err != nil {
			return err
		}
		if u := a.units[id]; u != nil {
			u.labels = n
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
		if p != nil && p.labels != u.labels {
			a.fault("unit %s has %d printed labels, but %d in the records", u.serial, u.labels, p.labels)
		}
		if u.state == journal.Void && u.labels > 0 {
			a.fault("a label was printed for unit %s, which is void: destroy the label", u.serial)
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
		switch {
		case u == nil:
			a.fault("label %s belongs to no unit", e.Name())
			continue
		case u.state != journal.Done && u.state != journal.Labelled && u.state != journal.Locked:
			a.fault("label %s belongs to unit %s, which is %s", e.Name(), u.serial, u.state)
		}
		if files[u]++; files[u] == u.labels+1 {
			// A label that was handed to the printer just before a crash is not recorded.
			if u.state == journal.Done {
				a.fault("label %s: %d labels of unit %s are recorded, and there are more files", e.Name(), u.labels, u.serial)
			}
		}
		if ext != ".zpl" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		switch {
		case err != nil:
			a.fault("label %s cannot be read: %v", e.Name(), atomicfile.Cause(err))
		case !bytes.Contains(b, []byte(u.serial)):
			a.fault("label %s does not contain its serial number", e.Name())
		}
	}
}
