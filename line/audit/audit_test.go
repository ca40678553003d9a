// SPDX-License-Identifier: Apache-2.0

package audit_test

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/sshsig"
	"github.com/d204ef64/fob/line/audit"
	"github.com/d204ef64/fob/line/export"
	"github.com/d204ef64/fob/line/export/exporttest"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/journal/journaltest"
)

// station makes a folder with a journal (line.db), an export (delivery) and labels
// (labels): units 0 to 3 are done, unit 4 is void, and unit 5 was begun.
func station(t testing.TB) (dir, digest string) {
	t.Helper()
	dir = t.TempDir()
	o, content := journaltest.Order(t)
	j, err := journal.Open(t.Context(), journaltest.Config(t, dir, journaltest.Master()))
	require.NoError(t, err)
	b := journaltest.Begin(t, j, o, content)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "labels"), 0o700))
	for n := range 4 {
		u := exporttest.Finish(t, b, n)
		label := []byte("^XA^FD" + u.Serial.String() + "^FS^XZ\n")
		require.NoError(t, os.WriteFile(filepath.Join(dir, "labels", u.Serial.String()+".zpl"), label, 0o600))
	}
	exporttest.Void(t, b, 4, "broken", journal.BinRepair)
	r, err := export.Write(t.Context(), j, export.Options{Order: o.ID, Dir: filepath.Join(dir, "delivery")})
	require.NoError(t, err)
	exporttest.Allocate(t, b, 5)
	require.NoError(t, j.Close())
	return dir, r.Digest
}

// run audits a folder of station.
func run(t testing.TB, dir string) audit.Report {
	t.Helper()
	file := filepath.Join(dir, "line.db")
	j, err := journal.OpenReader(t.Context(), file)
	require.NoError(t, err)
	r, err := audit.Run(t.Context(), j, audit.Options{
		Database: file, Exports: []string{filepath.Join(dir, "delivery")}, Labels: []string{filepath.Join(dir, "labels")},
	})
	require.NoError(t, err)
	require.NoError(t, j.Close())
	return r
}

// copied returns a copy of a folder.
func copied(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	require.NoError(t, os.CopyFS(to, os.DirFS(dir)))
	return to
}

// acknowledge acknowledges the export, and removes the bytes of deleted seeds if purge is
// set.
func acknowledge(t testing.TB, dir, digest string, purge bool) {
	t.Helper()
	j, err := journal.Open(t.Context(), journaltest.Config(t, dir, journaltest.Master()))
	require.NoError(t, err)
	_, err = j.Acknowledge(t.Context(), "ORD-2026-0001", digest)
	require.NoError(t, err)
	if purge {
		require.NoError(t, j.Purge(t.Context()))
	}
	require.NoError(t, j.Close())
}

// TestIntact audits a station without faults, before and after the acknowledgement.
func TestIntact(t *testing.T) {
	dir, digest := station(t)
	want := audit.Order{Name: "ORD-2026-0001", Allocated: 6, Done: 4, Void: 1, Unfinished: 1, Seeds: 5, Labels: 4, Unused: 4}
	r := run(t, dir)
	require.Empty(t, r.Faults)
	require.Equal(t, []audit.Order{want}, r.Orders)
	require.Equal(t, "station-1", r.Station)
	require.Positive(t, r.Records)
	acknowledge(t, dir, digest, true)
	r = run(t, dir)
	require.Empty(t, r.Faults)
	want.Seeds = 1 // of the unit that was begun
	require.Equal(t, []audit.Order{want}, r.Orders)
}

// withoutKeys replaces the table of units by one without unique columns.
const withoutKeys = "CREATE TABLE u AS SELECT * FROM unit; DROP TABLE unit; ALTER TABLE u RENAME TO unit; "

// TestFaults changes the journal, the export and the labels by hand. Each change has a
// fault that names it.
func TestFaults(t *testing.T) {
	original, digest := station(t)
	for _, c := range []struct{ change, says string }{
		{withoutKeys + "UPDATE unit SET serial = 'ZZFB00000001' WHERE id = 2", "serial number ZZFB00000001 was used twice: for units 1 and 2"},
		{
			withoutKeys + "INSERT INTO unit SELECT 9, order_id, 6, serial, x'00', 'x', x'01', expiry, state, attempts, failures, socket, began, ended, 5, reason, bin, results FROM unit WHERE id = 1",
			"serial number ZZFB00000001 was used twice: for units 1 and 9",
		},
		{withoutKeys + "UPDATE unit SET device_key = (SELECT device_key FROM unit WHERE id = 1) WHERE id = 2", "units ZZFB00000001 and ZZFB00000002 are the same device: key "},
		{withoutKeys + "UPDATE unit SET hardware_id = '0000000000000001' WHERE id = 2", "units ZZFB00000001 and ZZFB00000002 are the same device: hardware id 0000000000000001"},
		{withoutKeys + "UPDATE unit SET number = 0 WHERE id = 2", "order ORD-2026-0001: number 0 was used twice"},
		{"DELETE FROM unit WHERE id = 3", "order ORD-2026-0001: number 2 (ZZFB00000003) was allocated, but no unit has it"},
		{"DELETE FROM unit WHERE id = 3", "unit ZZFB00000003 is in the records, but not in the table of units"},
		{"UPDATE unit SET serial = 'ZZFB00000012' WHERE id = 3", "unit ZZFB00000012: its serial number is not number 2 of order ORD-2026-0001"},
		{"UPDATE unit SET state = 'done', finished = 5, ended = began WHERE id = 6", "unit ZZFB00000006 is done, but allocated in the records"},
		{"UPDATE unit SET state = 'lost' WHERE id = 3", `unit ZZFB00000003 has the unknown state "lost"`},
		{"UPDATE unit SET fingerprint = x'01' WHERE id = 3", "unit ZZFB00000003 has another device or seed than its record"},
		{"UPDATE unit SET ended = 0 WHERE id = 3", "unit ZZFB00000003 is done, and its time of end contradicts that"},
		{"UPDATE unit SET finished = 0 WHERE id = 3", "unit ZZFB00000003 is done, and its place among the finished units contradicts that"},
		{"UPDATE unit SET number = 'x' WHERE id = 3", "table unit: row 3 cannot be read"},
		{"UPDATE block SET next = next - 1", "a unit has number 5 (ZZFB00000006), which was not allocated to this station"},
		{"UPDATE block SET count = count + 1", "the blocks of serial numbers differ from the records"},
		{"UPDATE orders SET done = 5", "order ORD-2026-0001 counts 5 done and 1 void units, but has 4 and 1"},
		{"UPDATE orders SET content = replace(content, 'Example Bank', 'Another Bank')", "order ORD-2026-0001: its content is not the one that the station began"},
		{"UPDATE record SET data = replace(data, 'ZZFB00000002', 'ZZFB00000009') WHERE seq = (SELECT MIN(seq) FROM record WHERE unit = 2)", "the record was changed"},
		{"DELETE FROM record WHERE unit = 4", "records: chain 1: record "},
		{"INSERT INTO record SELECT chain, seq + 1, at, unit, kind, data, mac FROM record ORDER BY seq DESC LIMIT 1", "records: chain 1"},
		{"UPDATE record SET mac = x'00' WHERE seq = (SELECT MAX(seq) FROM head)", "the signed head at record "},
		{"UPDATE record SET mac = x'00' WHERE seq = (SELECT MAX(seq) FROM head)", "its head differs from record "},
		{"UPDATE record SET at = at + 1 WHERE seq = 5", "records: chain 1, record 5: the record was changed"},
		{"UPDATE record SET kind = 'state' WHERE kind = 'void'", "the record was changed"},
		{"UPDATE record SET unit = 1 WHERE unit = 2", "was never allocated"},
		{"DELETE FROM orders", "order ORD-2026-0001 is in the records, but not in the table of orders"},
		{"DELETE FROM orders", "unit ZZFB00000001 belongs to no order of the journal"},
		{"DELETE FROM orders", "a block of serial numbers belongs to no order of the journal"},
		{"DELETE FROM orders", "belongs to no order of the journal"},
		{"UPDATE orders SET content = replace(content, 'Example Bank', 'Another Bank')", "the order in it is not the journal's"},
		{"UPDATE orders SET content = 'x', digest = x'00'", "order ORD-2026-0001: its content is faulty"},
		{"DELETE FROM block", "a unit has number 0 (ZZFB00000001), which was not allocated to this station"},
		{"DELETE FROM block", "the blocks of serial numbers differ from the records"},
		{"UPDATE unit SET state = 'void', reason = 'x', bin = 'retest', finished = 0 WHERE id = 3", "unit ZZFB00000003 is void, but done in the records"},
		{"UPDATE unit SET hardware_id = '00000000000000ff' WHERE id = 3", "unit ZZFB00000003 has another device or seed than its record"},
		{withoutKeys + "INSERT INTO unit SELECT 9, order_id, 6, 'ZZFB00000007', x'00', 'x', x'01', expiry, state, attempts, failures, socket, began, ended, 5, reason, bin, results FROM unit WHERE id = 1", "unit ZZFB00000007 is not in the records"},
		{"UPDATE export SET digest = 'x'", "of order ORD-2026-0001 differs from the records"},
		{"UPDATE export SET through = 3", "differs from the records"},
		{"DELETE FROM record WHERE seq > 10", "refers to record "},
		{"UPDATE record SET data = 'x' WHERE seq = 12", "records: chain 1, record 12: the record was changed"},
		{"UPDATE record_chain SET seal = x'00'", "records: chain 1: its head was changed"},
		{"UPDATE head SET content = replace(content, '\"done\":4', '\"done\":3')", "does not fit"},
		{"UPDATE head SET signature = 'x'", "is malformed"},
		{"DELETE FROM seed WHERE unit = 2", "unit ZZFB00000002: its seed for age "},
		{"DELETE FROM seed WHERE unit = 6", "unit ZZFB00000006 is allocated, and its seed is missing"},
		{"INSERT INTO seed VALUES (2, 0, 1, x'00')", "unit ZZFB00000002 is done, and the station still has a copy of its seed"},
		{"INSERT INTO seed VALUES (5, 0, 1, x'00')", "unit ZZFB00000005 is void, and its seed is left"},
		{"INSERT INTO seed VALUES (99, 0, 1, x'00')", "there is a seed of unit 99, which does not exist"},
		{"UPDATE export SET acknowledged = 1", "differs from the records"},
		{"DELETE FROM export", "is in the records, but not in the table of exports"},
		{"INSERT INTO label VALUES (5, 1, 'usb-1.1', 'x', '', 1, 1, '')", "unit ZZFB00000005 has 1 labels, of which the printer has 1, but 0 and 0 in the records"},
		{"INSERT INTO label VALUES (99, 1, 'usb-1.1', 'x', '', 1, 1, '')", "labels were printed for unit 99, which does not exist"},
		{"DELETE FROM label WHERE unit = 1", "label ZZFB00000001.zpl belongs to unit ZZFB00000001, which is done and has no label in the records"},
		{"UPDATE label SET printed = 0 WHERE unit = 1", "unit ZZFB00000001 has 1 labels, of which the printer has 0, but 1 and 1 in the records"},
		{"UPDATE unit SET socket = 'other' WHERE id = 1", "unit ZZFB00000001 in units.jsonl differs from the journal"},
	} {
		dir := copied(t, original)
		journaltest.SQLite(t, dir, c.change)
		require.Contains(t, strings.Join(run(t, dir).Faults, "\n"), c.says, c.change)
	}

	for _, c := range []struct {
		change func(dir string) error
		says   string
	}{
		{replace("delivery/units.jsonl", "ZZFB00000002", "ZZFB00000007"), "units.jsonl differs from the manifest"},
		{replace("delivery/units.jsonl", "ZZFB00000002", "ZZFB00000007"), "unit ZZFB00000002 is missing in units.jsonl"},
		{replace("delivery/units.jsonl", "ZZFB00000002", "ZZFB00000007"), "unit ZZFB00000007 in units.jsonl is not in the journal"},
		{replace("delivery/seeds-1.xml", "<SerialNo>ZZFB00000002", "<SerialNo>ZZFB00000007"), "unit ZZFB00000002 has 0 seeds in it, want one for each of 1 recipients"},
		{replace("delivery/seeds-1.xml", "<SerialNo>ZZFB00000002", "<SerialNo>ZZFB00000007"), "it has a seed of unit ZZFB00000007"},
		{replace("delivery/seeds-1.xml", "</KeyContainer>", ""), "seeds-1.xml is not XML"},
		{replace("delivery/seeds-1.xml", "<SerialNo>ZZFB00000002", "<SerialNo>ZZFB00000001"), "unit ZZFB00000001 has 2 seeds in it, want one for each of 1 recipients"},
		{replace("delivery/units.jsonl", "ZZFB00000002", "ZZFB00000001"), "unit ZZFB00000001 is in it twice"},
		{replace("delivery/units.jsonl", "{", "["), "units.jsonl has a line that is not JSON"},
		{replace("delivery/certificate.pdf", "PDF", "pdf"), "certificate.pdf differs from the manifest"},
		{copyFile("delivery/head.json.sig", "delivery/manifest.json.sig"), "manifest.json was made for another purpose"},
		{replace("delivery/manifest.json.sig", "SSH SIG", "SSH GIS"), "manifest.json is malformed"},
		{func(dir string) error { return os.Remove(filepath.Join(dir, "delivery/head.json.sig")) }, "head.json or its signature cannot be read"},
		{otherKey("delivery/manifest.json", journal.ExportNamespace), "manifest.json is not the station's"},
		{otherKey("delivery/head.json", journal.HeadNamespace), "head.json is not the station's"},
		{replace("delivery/manifest.json", `"through": 4`, `"through": 3`), "manifest.json does not fit"},
		{replace("delivery/manifest.json", `"through": 4`, `"through": 3`), "it is not in the records of the journal"},
		{replace("delivery/manifest.json", `"order": "ORD`, `"order": "XRD`), "the journal has no order XRD-2026-0001"},
		{replace("delivery/manifest.json", `"format"`, `"other"`), "this is not the manifest of an export"},
		{replace("delivery/head.json", `"done":4`, `"done":5`), "head.json does not fit"},
		{func(dir string) error { return os.Remove(filepath.Join(dir, "delivery/units.csv")) }, "units.csv is missing"},
		{func(dir string) error { return os.Remove(filepath.Join(dir, "delivery/manifest.json")) }, "reading the manifest of the export"},
		{func(dir string) error { return os.WriteFile(filepath.Join(dir, "delivery/x"), nil, 0o600) }, `"x" is not in the manifest`},
		{rename("ZZFB00000001.zpl", "ZZFB00000011.zpl"), "label ZZFB00000011.zpl belongs to no unit"},
		{rename("ZZFB00000001.zpl", "ZZFB00000002-2.zpl"), "label ZZFB00000002-2.zpl does not contain its serial number"},
		{rename("ZZFB00000001.zpl", "ZZFB00000005.zpl"), "label ZZFB00000005.zpl belongs to unit ZZFB00000005, which is void and has no label in the records"},
		{rename("ZZFB00000001.zpl", "ZZFB00000006.zpl"), "label ZZFB00000006.zpl belongs to unit ZZFB00000006, which is allocated and has no label in the records"},
		{addLabel("ZZFB00000002", "ZZFB00000002-2.zpl"), "label ZZFB00000002.zpl: 1 labels of unit ZZFB00000002 are in the records, and there are more files"},
		{func(dir string) error { return os.RemoveAll(filepath.Join(dir, "labels")) }, "cannot be read"},
	} {
		dir := copied(t, original)
		require.NoError(t, c.change(dir))
		require.Contains(t, strings.Join(run(t, dir).Faults, "\n"), c.says)
	}

	// The same faults have the same order each time.
	dir := copied(t, original)
	for _, name := range []string{"head.json.sig", "manifest.json.sig"} {
		require.NoError(t, os.Remove(filepath.Join(dir, "delivery", name)))
	}
	for range 20 {
		require.Regexp(t, `(?s)manifest.json or its signature cannot be read.*head.json or its signature cannot be read`, strings.Join(run(t, dir).Faults, "\n"))
	}

	// A seed that came back after the acknowledgement.
	back := copied(t, original)
	acknowledge(t, back, digest, true)
	journaltest.SQLite(t, back, "INSERT INTO seed VALUES (2, 1, 0, x'00')")
	require.Contains(t, run(t, back).Faults, "unit ZZFB00000002: its seed is left after the acknowledgement")
}

// copyFile returns a change that copies a file over another one.
func copyFile(from, to string) func(string) error {
	return func(dir string) error {
		b, err := os.ReadFile(filepath.Join(dir, from))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, to), b, 0o600)
	}
}

// otherKey returns a change that signs a file with another key than the station's.
func otherKey(name, namespace string) func(string) error {
	return func(dir string) error {
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			return err
		}
		signer, err := sshsig.NewSigner(key)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		s, err := sshsig.Sign(b, signer, namespace)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name+".sig"), s.Armor(), 0o600)
	}
}

// TestOwnMistakes makes a station break its own rules: the keys of the tables are gone, and
// its mistakes are on record and signed. The audit must not believe the tables only.
func TestOwnMistakes(t *testing.T) {
	ctx := t.Context()
	for _, c := range []struct {
		name string
		do   func(t *testing.T, dir string, b *journal.Batch)
		says string
	}{
		{
			"one seed for two units", func(t *testing.T, dir string, b *journal.Batch) {
				_, err := b.Allocate(ctx, journal.Device{Socket: "usb-1.1"}, exporttest.Seed(t, 0))
				require.NoError(t, err)
			}, "unit ZZFB00000002 has the seed of unit 1",
		},
		{
			"one serial number for two units", func(t *testing.T, dir string, b *journal.Batch) {
				journaltest.SQLite(t, dir, "UPDATE block SET next = 0")
				exporttest.Allocate(t, b, 1)
			}, "serial number ZZFB00000001 was used twice: for units 1 and 2",
		},
		{
			"a unit is forgotten, and its place is used again", func(t *testing.T, dir string, b *journal.Batch) {
				journaltest.SQLite(t, dir, "DELETE FROM seed; DELETE FROM unit")
				exporttest.Allocate(t, b, 1)
			}, "unit 1 was allocated twice",
		},
		{
			"a label without an intention", func(t *testing.T, dir string, b *journal.Batch) {
				u := exporttest.Finish(t, b, 1)
				require.NoError(t, b.Reprinted(ctx, &u, 1))
			}, "a label of unit ZZFB00000002 was printed without a record before",
		},
		{
			"a label that was not printed is taken", func(t *testing.T, dir string, b *journal.Batch) {
				u := exporttest.Verified(t, b, 1)
				require.NoError(t, b.LabelTaken(ctx, &u))
			}, "the label of unit ZZFB00000002 was taken, but not printed",
		},
		{
			"a unit is done twice", func(t *testing.T, dir string, b *journal.Batch) {
				u := exporttest.Finish(t, b, 1)
				journaltest.SQLite(t, dir, "UPDATE unit SET state = 'labelled' WHERE id = 2")
				u.State = journal.Labelled
				require.NoError(t, b.Advance(ctx, &u, journal.Done))
			}, "unit ZZFB00000002 is done, and was changed afterwards",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			o, content := journaltest.Order(t)
			b := journaltest.Batch(t, dir, o, content)
			exporttest.Allocate(t, b, 0)
			journaltest.SQLite(t, dir, withoutKeys+"CREATE UNIQUE INDEX unit_id ON unit (id)")
			c.do(t, dir, b)
			r, err := audit.Run(ctx, b.Journal, audit.Options{})
			require.NoError(t, err)
			require.Contains(t, strings.Join(r.Faults, "\n"), c.says)
		})
	}
}

// replace returns a change of a text in a file.
func replace(name, old, new string) func(string) error {
	return func(dir string) error {
		path := filepath.Join(dir, name)
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, bytes.ReplaceAll(b, []byte(old), []byte(new)), 0o600)
	}
}

// rename returns a change of the name of a label.
func rename(old, new string) func(string) error {
	return func(dir string) error {
		return os.Rename(filepath.Join(dir, "labels", old), filepath.Join(dir, "labels", new))
	}
}

// addLabel returns a change that adds a label of a unit.
func addLabel(serial, name string) func(string) error {
	return func(dir string) error {
		return os.WriteFile(filepath.Join(dir, "labels", name), []byte("^XA^FD"+serial+"^FS^XZ\n"), 0o600)
	}
}

// TestLabelsOfVoid audits the labels that a station printed and did not need: the device
// was lost after its label was printed, or the station ended while it printed. A person
// must check that they were destroyed. A label of a void unit is a fault if it was printed
// afterwards.
func TestLabelsOfVoid(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	o, content := journaltest.Order(t)
	b := journaltest.Batch(t, dir, o, content)
	locked := func(n int) journal.Unit {
		u := exporttest.Verified(t, b, n)
		require.NoError(t, b.Advance(ctx, &u, journal.Locked))
		return u
	}
	first, second, third := locked(0), locked(1), locked(2)
	exporttest.Label(t, b, &first)
	require.NoError(t, b.Void(ctx, &first, "the device did not come back", journal.BinSuspect))
	for _, u := range []*journal.Unit{&second, &third} { // the station ended while it printed
		_, err := b.Printing(ctx, u, u.Socket, "file:labels", "")
		require.NoError(t, err)
	}
	require.NoError(t, b.Void(ctx, &second, "the device did not come back", journal.BinSuspect))
	exporttest.Label(t, b, &third)
	require.NoError(t, b.Advance(ctx, &third, journal.Done))
	labels := filepath.Join(dir, "labels")
	require.NoError(t, os.Mkdir(labels, 0o700))
	for _, name := range []string{"ZZFB00000001.zpl", "ZZFB00000002.zpl", "ZZFB00000003.zpl", "ZZFB00000003-2.zpl"} {
		require.NoError(t, addLabel(name[:12], name)(dir))
	}
	r, err := audit.Run(ctx, b.Journal, audit.Options{Labels: []string{labels}})
	require.NoError(t, err)
	require.Empty(t, r.Faults)
	require.EqualValues(t, 2, r.Orders[0].Labels)
	require.Equal(t, []string{
		"unit ZZFB00000001 is void, and its label may have been printed before: make sure that it was destroyed",
		"unit ZZFB00000002 is void, and its label may have been printed before: make sure that it was destroyed",
		"unit ZZFB00000003: of its 2 labels, 1 may not have been printed: make sure that no more than 1 exist",
	}, r.Notes)

	require.NoError(t, addLabel("ZZFB00000001", "ZZFB00000001-2.zpl")(dir))
	r, err = audit.Run(ctx, b.Journal, audit.Options{Labels: []string{labels}})
	require.NoError(t, err)
	require.Equal(t, []string{"label ZZFB00000001.zpl: 1 labels of unit ZZFB00000001 are in the records, and there are more files"}, r.Faults)

	journaltest.SQLite(t, dir, "UPDATE unit SET state = 'locked' WHERE id = 1") // the station's own mistake
	first.State = journal.Locked
	exporttest.Label(t, b, &first)
	r, err = audit.Run(ctx, b.Journal, audit.Options{})
	require.NoError(t, err)
	require.Contains(t, strings.Join(r.Faults, "\n"), "unit ZZFB00000001 is void, and was changed afterwards")
}

// TestEarlyLabel records a label before the unit is locked. The station itself cannot do
// that, so the state in the record is the station's own mistake.
func TestEarlyLabel(t *testing.T) {
	dir := t.TempDir()
	o, content := journaltest.Order(t)
	b := journaltest.Batch(t, dir, o, content)
	u := exporttest.Verified(t, b, 0)
	journaltest.SQLite(t, dir, "UPDATE unit SET state = 'locked'")
	u.State = journal.Locked
	exporttest.Label(t, b, &u)
	require.NoError(t, b.Advance(t.Context(), &u, journal.Done))
	r, err := audit.Run(t.Context(), b.Journal, audit.Options{})
	require.NoError(t, err)
	require.Len(t, r.Faults, 2)
	require.Contains(t, r.Faults[0], "the label of unit ZZFB00000001 was printed before the unit was locked")
	require.Contains(t, r.Faults[1], "unit ZZFB00000001 is done, but was not verified and locked before")
}

// TestDeletedBytes checks that the bytes of deleted seeds are gone from the files of the
// database, and that the audit finds them if they are not.
func TestDeletedBytes(t *testing.T) {
	dir, digest := station(t)
	pskc, err := os.ReadFile(filepath.Join(dir, "delivery", "seeds-1.xml"))
	require.NoError(t, err)
	var values [][]byte
	for _, part := range bytes.Split(pskc, []byte("<EncryptedValue>"))[1:] {
		_, rest, _ := bytes.Cut(part, []byte("<xenc:CipherValue>"))
		value, _, _ := bytes.Cut(rest, []byte("<"))
		values = append(values, value)
	}
	require.Len(t, values, 4)
	left := func() (n int) {
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(filepath.Join(dir, "line.db"+suffix))
			if !os.IsNotExist(err) {
				require.NoError(t, err)
			}
			for _, v := range values {
				n += bytes.Count(b, v)
			}
		}
		return n
	}
	require.Positive(t, left(), "the search finds what is there")
	before := copied(t, dir)
	acknowledge(t, dir, digest, true)
	require.Zero(t, left())

	// The page of a deleted seed stands at the end of the file.
	old, err := os.ReadFile(filepath.Join(before, "line.db"))
	require.NoError(t, err)
	i := bytes.Index(old, values[1])
	require.Positive(t, i)
	f, err := os.OpenFile(filepath.Join(dir, "line.db"), os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = f.Write(old[i/4096*4096:][:4096])
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.Contains(t, strings.Join(run(t, dir).Faults, "\n"), "encrypted seeds that were deleted: run fob line ack again")
}
