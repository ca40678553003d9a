// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/d204ef64/fob/internal/regularfile"
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/internal/sshsig"
	"github.com/d204ef64/fob/line/export"
	"github.com/d204ef64/fob/line/journal"
)

// signedHead is the content of a signed head, as far as an audit needs it.
type signedHead struct {
	Station string `json:"station"`
	Order   string `json:"order"`
	Records int64  `json:"records"`
	Head    string `json:"head"`
}

// heads checks the heads that were signed for batches.
func (a *auditor) heads() error {
	type head struct {
		seq                int64
		content, signature string
	}
	var list []head
	err := a.rows("head", "SELECT seq, content, signature FROM head ORDER BY order_id, seq", func(s sqldb.Scanner) error {
		var h head
		if err := s.Scan(&h.seq, &h.content, &h.signature); err != nil {
			return err
		}
		list = append(list, h)
		return nil
	})
	if err != nil {
		return err
	}
	for _, h := range list {
		what := fmt.Sprintf("the signed head at record %d", h.seq)
		a.signature(what, []byte(h.content), []byte(h.signature), journal.HeadNamespace)
		if err := a.head(what, []byte(h.content)); err != nil {
			return err
		}
	}
	return nil
}

// head compares a head with the record to which it refers.
func (a *auditor) head(what string, content []byte) error {
	var h signedHead
	if err := json.Unmarshal(content, &h); err != nil {
		a.fault("%s is malformed", what)
		return nil
	}
	var code []byte
	err := a.snapshot.Row("SELECT mac FROM record WHERE chain = 1 AND seq = $1", []any{h.Records}, &code)
	if errors.Is(err, sqldb.ErrNotFound) {
		a.fault("%s refers to record %d, which the journal does not have", what, h.Records)
		return nil
	}
	if err == nil && hex.EncodeToString(code) != h.Head {
		a.fault("%s differs from record %d", what, h.Records)
	}
	return err
}

// signature checks that the station has signed a text.
func (a *auditor) signature(what string, text, signature []byte, namespace string) {
	s, err := sshsig.Parse(signature)
	if err != nil {
		a.fault("the signature of %s is malformed", what)
		return
	}
	key, err := sshsig.FromEd25519(ed25519.PublicKey(a.journal.Public()))
	switch {
	case err != nil || !bytes.Equal(s.Key().Marshal(), key.Marshal()):
		a.fault("the signature of %s is not the station's", what)
	case s.Namespace() != namespace:
		a.fault("the signature of %s was made for another purpose", what)
	case s.Verify(text) != nil:
		a.fault("the signature of %s does not fit", what)
	}
}

// readExports compares the exports with the records.
func (a *auditor) readExports() error {
	found := map[string]bool{}
	err := a.rows("export", "SELECT order_id, through, digest, acknowledged FROM export ORDER BY id", func(s sqldb.Scanner) error {
		var id, through, acknowledged int64
		var digest string
		if err := s.Scan(&id, &through, &digest, &acknowledged); err != nil {
			return err
		}
		found[digest] = true
		o, p := a.orders[id], a.history.exports[digest]
		switch {
		case o == nil:
			a.fault("export %s belongs to no order of the journal", digest)
		case p == nil || p.order != o.Name || p.units != through || p.acknowledged != (acknowledged != 0):
			a.fault("export %s of order %s differs from the records", digest, o.Name)
		case p.acknowledged:
			o.acknowledge = max(o.acknowledge, through)
		}
		return nil
	})
	for _, digest := range slices.Sorted(maps.Keys(a.history.exports)) {
		if !found[digest] {
			a.fault("export %s is in the records, but not in the table of exports", digest)
		}
	}
	return err
}

// export compares the folder of an export with the journal.
func (a *auditor) export(ctx context.Context, dir string) error {
	m, digest, err := export.Read(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, export.ErrManifest) || errors.Is(err, regularfile.ErrKind) {
		a.fault("%v", err)
		return nil
	}
	if err != nil {
		return err
	}
	fault := func(format string, args ...any) { a.fault("export %s: %s", dir, fmt.Sprintf(format, args...)) }
	for _, f := range m.Check(dir) {
		fault("%s", f)
	}
	for _, signed := range []struct{ name, namespace string }{{export.ManifestName, journal.ExportNamespace}, {export.HeadName, journal.HeadNamespace}} {
		text, err := regularfile.Read(filepath.Join(dir, signed.name))
		signature, e := regularfile.Read(filepath.Join(dir, signed.name+".sig"))
		if err = errors.Join(err, e); err != nil {
			fault("%s or its signature cannot be read", signed.name)
			continue
		}
		a.signature(filepath.Join(dir, signed.name), text, signature, signed.namespace)
	}
	o, p := a.names[m.Order], a.history.exports[digest]
	switch {
	case o == nil:
		fault("the journal has no order %s", m.Order)
		return nil
	case p == nil || p.order != m.Order || p.units != m.Through:
		fault("it is not in the records of the journal")
	case m.OrderSHA256 != o.digest:
		fault("the order in it is not the journal's")
	}
	err = a.journal.Snapshot(ctx, func(s *journal.Snapshot) error {
		a.snapshot = s
		content, err := json.Marshal(signedHead{Records: m.Head.Records, Head: m.Head.SHA256})
		if err != nil {
			return err
		}
		return a.head("export "+dir+": its head", content)
	})
	if err != nil {
		return err
	}
	if err := a.exportedUnits(ctx, dir, &m, fault); err != nil {
		return err
	}
	return a.exportedSeeds(dir, &m, o, p != nil && p.acknowledged, fault)
}

// exportedUnits compares the records of the units with the journal.
func (a *auditor) exportedUnits(ctx context.Context, dir string, m *export.Manifest, fault func(string, ...any)) error {
	f, err := regularfile.Open(filepath.Join(dir, export.UnitsName))
	if err != nil {
		return nil // reported before
	}
	defer f.Close()
	listed := map[string][32]byte{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var u struct {
			Serial string `json:"serial"`
		}
		if err := json.Unmarshal(lines.Bytes(), &u); err != nil {
			fault("%s has a line that is not JSON", export.UnitsName)
			continue
		}
		if _, twice := listed[u.Serial]; twice {
			fault("unit %s is in it twice", u.Serial)
		}
		listed[u.Serial] = sha256.Sum256(lines.Bytes())
	}
	err = export.EachUnit(ctx, a.journal, m.Order, "", func(u *journal.Unit) error {
		if !m.Contains(u) {
			return nil
		}
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(export.UnitOf(u, a.journal.Station())); err != nil {
			return err
		}
		serial := u.Serial.String()
		got, found := listed[serial]
		delete(listed, serial)
		switch {
		case !found:
			fault("unit %s is missing in %s", serial, export.UnitsName)
		case got != sha256.Sum256(bytes.TrimSuffix(want.Bytes(), []byte("\n"))):
			fault("unit %s in %s differs from the journal", serial, export.UnitsName)
		}
		return nil
	})
	if err != nil {
		fault("the units of the journal cannot be read: %v", err)
	}
	for _, serial := range slices.Sorted(maps.Keys(listed)) {
		fault("unit %s in %s is not in the journal, or was not finished", serial, export.UnitsName)
	}
	return nil
}

// exportedSeeds checks that each unit of the export has its seed for each recipient. It
// keeps the encrypted seeds of an acknowledged export.
func (a *auditor) exportedSeeds(dir string, m *export.Manifest, o *orderState, acknowledged bool, fault func(string, ...any)) error {
	count := map[string]int{}
	for _, file := range m.Files {
		if !strings.HasSuffix(file.Name, ".xml") {
			continue
		}
		f, err := regularfile.Open(filepath.Join(dir, file.Name))
		if err != nil {
			continue // reported before
		}
		err = readPSKC(f, func(serial string) { count[serial]++ }, func(cipher string) {
			if acknowledged {
				a.history.ciphers[cipher] = true
			}
		})
		if e := f.Close(); err == nil {
			err = e
		}
		if err != nil {
			fault("%s is not XML: %v", file.Name, err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.units)) {
		u := a.units[id]
		if u.order != o || u.finished <= m.After || u.finished > m.Through {
			continue
		}
		if n := count[u.serial]; n != len(o.recipients) {
			fault("unit %s has %d seeds in it, want one for each of %d recipients", u.serial, n, len(o.recipients))
		}
		delete(count, u.serial)
	}
	for _, serial := range slices.Sorted(maps.Keys(count)) {
		fault("it has a seed of unit %s, which is not a finished unit of it", serial)
	}
	return nil
}

// readPSKC calls fn with the serial numbers in a PSKC file, and cipher with its encrypted
// values.
func readPSKC(r io.Reader, fn, cipher func(string)) error {
	d := xml.NewDecoder(bufio.NewReader(r))
	name, text := "", ""
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			name, text = t.Name.Local, ""
		case xml.CharData:
			text += string(t)
		case xml.EndElement:
			switch {
			case t.Name.Local != name:
			case name == "SerialNo":
				fn(text)
			case name == "CipherValue":
				cipher(text)
			}
			name, text = "", ""
		}
	}
}
