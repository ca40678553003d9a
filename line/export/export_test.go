// SPDX-License-Identifier: Apache-2.0

package export_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/line/export"
	"github.com/d204ef64/fob/line/export/exporttest"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/journal/journaltest"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/seedfile"
)

func read(t testing.TB, names ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(names...))
	require.NoError(t, err)
	return b
}

// files returns the contents of all files of a folder.
func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	all := map[string]string{}
	for _, e := range entries {
		all[e.Name()] = string(read(t, dir, e.Name()))
	}
	return all
}

// tool runs a program, which must succeed.
func tool(t testing.TB, stdin []byte, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tooltest.Find(t, name), args...)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
	return string(out)
}

// open decrypts the key of a seed file with age, as the customer does.
func open(t testing.TB, path string) []byte {
	t.Helper()
	in, err := age.Decrypt(bytes.NewReader(read(t, path)), journaltest.Customer(t))
	require.NoError(t, err)
	text, err := io.ReadAll(in)
	require.NoError(t, err)
	return text
}

// TestWrite exports the units of two runs of a station, and opens the export with the
// tools of the customer.
func TestWrite(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	o, content := journaltest.Order(t)
	for run := range 2 {
		j, err := journal.Open(ctx, journaltest.Config(t, dir, journaltest.Master()))
		require.NoError(t, err)
		b := journaltest.Begin(t, j, o, content)
		for n := range 3 {
			exporttest.Finish(t, b, 3*run+n)
		}
		require.NoError(t, j.Close())
	}
	b := journaltest.Batch(t, dir, o, content)
	exporttest.Void(t, b, 6, "the drift of 31 ppm is outside the limits", journal.BinRepair)

	out := filepath.Join(dir, "out")
	r, err := export.Write(ctx, b.Journal, export.Options{Order: o.ID, Dir: out})
	require.NoError(t, err)
	require.False(t, r.Repeated)
	require.EqualValues(t, 6, r.Manifest.Units())
	require.False(t, r.Manifest.Complete)
	require.Contains(t, string(read(t, out, "README.txt")), fmt.Sprintf("This is a part of the order: station station-1 has made %d of its %d tokens.", r.Manifest.Through, r.Manifest.Ordered))
	require.Equal(t, hex.EncodeToString(sum(read(t, out, export.ManifestName))), r.Digest)
	all := files(t, out)
	require.Len(t, all, 13)
	require.Empty(t, r.Manifest.Check(out))
	for _, f := range r.Manifest.Files {
		require.Equal(t, hex.EncodeToString(sum([]byte(all[f.Name]))), f.SHA256)
	}

	// The signatures, by ssh-keygen.
	for name, namespace := range map[string]string{export.ManifestName: journal.ExportNamespace, export.HeadName: journal.HeadNamespace} {
		tool(t, []byte(all[name]), "ssh-keygen", "-Y", "verify", "-f", filepath.Join(out, "allowed_signers"), "-I", "station-1", "-n", namespace,
			"-s", filepath.Join(out, name+".sig"))
	}
	require.Contains(t, all["head.json"], fmt.Sprintf(`"head":"%s"`, r.Manifest.Head.SHA256))

	// The seeds.
	n := 0
	for run := 1; run <= 2; run++ {
		file := filepath.Join(out, fmt.Sprintf("seeds-%d.xml", run))
		require.Contains(t, "\n"+tool(t, nil, "pskctool", "--validate", file), "\nOK\n") // it cannot decrypt, and warns about that
		key, err := hex.DecodeString(strings.TrimSpace(string(open(t, filepath.Join(out, fmt.Sprintf("seeds-%d.KEY.age", run))))))
		require.NoError(t, err)
		f, err := os.Open(file)
		require.NoError(t, err)
		format, err := seedfile.FormatByName("pskc")
		require.NoError(t, err)
		in, err := format.NewReader(f, seedfile.ReadOptions{Keys: seedfile.Keys{Key: key}})
		require.NoError(t, err)
		for {
			rec, err := in.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("ZZFB%08d", n+1), rec.SerialText())
			require.True(t, rec.Seed.Equal(exporttest.Seed(t, n)))
			expiry, err := rec.Expiry(nil)
			require.NoError(t, err)
			require.Equal(t, "2031-11-30", expiry.String())
			n++
		}
		require.NoError(t, f.Close())
	}
	require.Equal(t, 6, n)

	// The records of the units.
	rows, err := csv.NewReader(strings.NewReader(all["units.csv"])).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+7)
	require.Equal(t, []string{"clock_error_ms", "clock_error_spread_ms", "drift_ppm"}, rows[0][12:15])
	require.Equal(t, "2", rows[3][14])
	require.Equal(t, []string{"void", "repair"}, []string{rows[7][1], rows[7][21]})
	lines := strings.Split(strings.TrimSpace(all[export.UnitsName]), "\n")
	require.Len(t, lines, 7)
	var u export.Unit
	require.NoError(t, json.Unmarshal([]byte(lines[2]), &u))
	require.Equal(t, "ZZFB00000003", u.Serial)
	require.EqualValues(t, 2, u.Results.Drift.Value)
	require.EqualValues(t, 20, *u.Results.Drift.High)

	// The certificate.
	text := tool(t, []byte(all["certificate.pdf"]), "pdftotext", "-layout", "-", "-")
	for _, want := range []string{"ZZFB00000001 to ZZFB00000006", "the drift of 31 ppm is outside the limits", "SHA256:", "seeds-2.xml"} {
		require.Contains(t, text, want)
	}
	require.Regexp(t, `usb-1\.3 +1 +1 +50\.0 %`, text, "the void unit counts in the yield of its port")
	require.NotContains(t, text, "Operators")
	require.Contains(t, all["README.txt"], "age -d -i YOUR-KEY.txt -o seeds-1.key seeds-1.KEY.age")

	// No file has a seed in clear.
	for n := range 7 {
		for name, text := range all {
			require.NotContains(t, text, string(exporttest.Seed(t, n).Bytes()), name)
			require.NotContains(t, strings.ToLower(text), strings.ToLower(exporttest.Seed(t, n).ExposeHex()), name)
		}
	}
}

func sum(b []byte) []byte { s := sha256.Sum256(b); return s[:] }

// TestAgain writes an export again: the same bytes in another folder, and nothing in the
// same folder. After more units and an acknowledgement, there is a new export.
func TestAgain(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	o, content := journaltest.Order(t)
	b := journaltest.Batch(t, dir, o, content)
	write := func(name string) (export.Result, error) {
		return export.Write(ctx, b.Journal, export.Options{Order: o.ID, Dir: filepath.Join(dir, name)})
	}
	_, err := write("none")
	require.ErrorIs(t, err, export.ErrEmpty)
	for n := range 3 {
		exporttest.Finish(t, b, n)
	}
	one, err := write("one")
	require.NoError(t, err)
	again, err := write("one")
	require.NoError(t, err)
	require.True(t, again.Present)
	require.Equal(t, one.Digest, again.Digest)
	two, err := write("two")
	require.NoError(t, err)
	require.True(t, two.Repeated)
	require.Equal(t, files(t, filepath.Join(dir, "one")), files(t, filepath.Join(dir, "two")))
	exports, err := b.Exports(ctx, o.ID)
	require.NoError(t, err)
	require.Len(t, exports, 1)

	exporttest.Finish(t, b, 3)
	_, err = write("two")
	require.ErrorIs(t, err, export.ErrExists)
	more, err := write("more")
	require.NoError(t, err)
	require.EqualValues(t, 4, more.Manifest.Units())
	_, err = b.Acknowledge(ctx, o.ID, one.Digest)
	require.NoError(t, err)
	rest, err := write("rest")
	require.NoError(t, err)
	require.EqualValues(t, 3, rest.Manifest.After)
	require.EqualValues(t, 1, rest.Manifest.Units())
	_, err = b.Acknowledge(ctx, o.ID, rest.Digest)
	require.NoError(t, err)
	_, err = write("last")
	require.ErrorIs(t, err, export.ErrEmpty)
	require.ErrorContains(t, err, "acknowledged all 4 units")

	require.NoError(t, os.Mkdir(filepath.Join(dir, "other"), 0o700))
	exporttest.Finish(t, b, 4)
	_, err = write("other")
	require.ErrorIs(t, err, export.ErrExists)
	_, err = write("no/folder")
	require.ErrorIs(t, err, os.ErrNotExist)
	entries, err := filepath.Glob(filepath.Join(dir, ".fob-*"))
	require.NoError(t, err)
	require.Empty(t, entries, "nothing unfinished is left")
}

// TestMissingSeed checks that an export is refused if a recipient would not get the seeds
// of all units.
func TestMissingSeed(t *testing.T) {
	dir := t.TempDir()
	o, content := journaltest.Order(t)
	b := journaltest.Batch(t, dir, o, content)
	for n := range 3 {
		exporttest.Finish(t, b, n)
	}
	tool(t, nil, "sqlite3", filepath.Join(dir, "line.db"), "DELETE FROM seed WHERE unit = 2")
	_, err := export.Write(t.Context(), b.Journal, export.Options{Order: o.ID, Dir: filepath.Join(dir, "out")})
	require.ErrorIs(t, err, export.ErrSeeds)
	require.ErrorContains(t, err, "2 of 3")
	require.NoDirExists(t, filepath.Join(dir, "out"))
}

// TestCheck changes the files of an export.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	o, content := journaltest.Order(t)
	b := journaltest.Batch(t, dir, o, content)
	exporttest.Finish(t, b, 0)
	out := filepath.Join(dir, "out")
	r, err := export.Write(t.Context(), b.Journal, export.Options{Order: o.ID, Dir: out})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(out, "units.csv"), []byte("x"), 0o600))
	require.NoError(t, os.Remove(filepath.Join(out, "README.txt")))
	require.NoError(t, os.WriteFile(filepath.Join(out, "new"), nil, 0o600))
	require.Equal(t, []string{"README.txt is missing", "units.csv differs from the manifest", `"new" is not in the manifest`}, r.Manifest.Check(out))
	require.NoError(t, os.WriteFile(filepath.Join(out, export.ManifestName), []byte(`{"format":"x"}`), 0o600))
	_, _, err = export.Read(out)
	require.ErrorIs(t, err, export.ErrManifest)
}

// TestOtherRecipients exports to a certificate and to a pre-shared key as well. openssl
// decrypts the seeds for the certificate, with the command in README.txt.
func TestOtherRecipients(t *testing.T) {
	dir := t.TempDir()
	private, public := filepath.Join(dir, "key.pem"), filepath.Join(dir, "bank.pem")
	tool(t, nil, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=bank", "-keyout", private, "-out", public)
	inline := "certificate: |\n    " + strings.ReplaceAll(strings.TrimSpace(string(read(t, public))), "\n", "\n    ")
	psk := []byte("0123456789abcdef")
	key := fmt.Sprintf("key_file: bank.key\n  key_name: bank\n  sha256: %x", sum(psk))
	o, content := journaltest.Order(t, "- age: ", "- "+inline+"\n- "+key+"\n- age: ")
	recipients, err := journal.Recipients(o, func(*order.Recipient) ([]byte, error) { return hex.AppendEncode(nil, psk), nil })
	require.NoError(t, err)
	j, err := journal.Open(t.Context(), journaltest.Config(t, dir, journaltest.Master()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	b, err := j.Batch(t.Context(), o, content, recipients)
	require.NoError(t, err)
	defer b.Close()
	for n := range 2 {
		exporttest.Finish(t, b, n)
	}
	out := filepath.Join(dir, "out")
	_, err = export.Write(t.Context(), j, export.Options{Order: o.ID, Dir: out})
	require.NoError(t, err)
	readme := string(read(t, out, "README.txt"))
	require.Contains(t, readme, "fob seeds convert seeds-1.xml --private-key YOUR-KEY.pem")
	require.Contains(t, readme, "fob seeds convert seeds-2.xml --key-file bank.key")
	require.Contains(t, readme, "openssl pkeyutl -decrypt -inkey YOUR-KEY.pem -pkeyopt rsa_padding_mode:oaep")
	require.NoFileExists(t, filepath.Join(out, "seeds-1.KEY.age"))

	for n, part := range strings.Split(string(read(t, out, "seeds-1.xml")), "<EncryptedValue>")[1:] {
		_, rest, _ := strings.Cut(part, "<xenc:CipherValue>")
		value, _, _ := strings.Cut(rest, "<")
		sealed, err := base64.StdEncoding.DecodeString(value)
		require.NoError(t, err)
		plain := tool(t, sealed, "openssl", "pkeyutl", "-decrypt", "-inkey", private, "-pkeyopt", "rsa_padding_mode:oaep")
		require.Equal(t, exporttest.Seed(t, n).Bytes(), []byte(plain))
	}
	format, err := seedfile.FormatByName("pskc")
	require.NoError(t, err)
	in, err := format.NewReader(bytes.NewReader(read(t, out, "seeds-2.xml")), seedfile.ReadOptions{Keys: seedfile.Keys{Key: psk}})
	require.NoError(t, err)
	rec, err := in.Read()
	require.NoError(t, err)
	require.True(t, rec.Seed.Equal(exporttest.Seed(t, 0)))
}

// TestTwice has two stations make units of one device. The one that the ledger heard of first
// is delivered. The other station delivers nothing, also if it delivered the units before
// it, and the error names the unit.
func TestTwice(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	ledger := filepath.Join(dir, "ledger.db")
	l, err := journal.OpenLedger(ctx, ledger, true)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	o, content := journaltest.Order(t)
	var list []*journal.Batch
	for _, name := range []string{"station-1", "station-2"} {
		c := journaltest.Config(t, t.TempDir(), journaltest.Master())
		seed := sha256.Sum256([]byte(name))
		c.Station, c.Ledger, c.Key = name, l, ed25519.NewKeyFromSeed(seed[:])
		j, err := journal.Open(ctx, c)
		require.NoError(t, err)
		defer func() { require.NoError(t, j.Close()) }()
		list = append(list, journaltest.Begin(t, j, o, content))
	}
	one, two := list[0], list[1]
	write := func(b *journal.Batch, name string) error {
		_, err := export.Write(ctx, b.Journal, export.Options{Order: o.ID, Dir: filepath.Join(dir, name)})
		return err
	}
	exporttest.Finish(t, two, 0)
	require.NoError(t, write(two, "before"))

	first := exporttest.Allocate(t, one, 1)
	require.NoError(t, one.Sync(ctx))
	second := exporttest.Clone(t, two, 1, 2)
	exporttest.Complete(t, two, &second)
	exporttest.Complete(t, one, &first)
	require.NoError(t, write(one, "first"))
	for range 2 {
		err = write(two, "second")
		require.ErrorIs(t, err, journal.ErrTwice)
		require.ErrorContains(t, err, "exporting order "+o.ID+": a unit must not be delivered: "+second.Serial.String()+": device key ")
		require.NoDirExists(t, filepath.Join(dir, "second"))
		exports, err := two.Exports(ctx, o.ID)
		require.NoError(t, err)
		require.Len(t, exports, 1)
	}
	require.NoError(t, write(one, "first again"))
}
