// SPDX-License-Identifier: Apache-2.0

// Package journaltest makes orders and journals for tests.
package journaltest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
)

// Order returns the sample order with replacements: pairs of an old and a new text. Each
// old text must be there. The seeds are encrypted to Customer.
func Order(t testing.TB, replacements ...string) (*order.Order, []byte) {
	t.Helper()
	text := string(order.Sample(time.Now()))
	replacements = append(replacements, order.SampleRecipient, Customer(t).Recipient().String())
	for i := 0; i < len(replacements); i += 2 {
		require.Contains(t, text, replacements[i])
		text = strings.ReplaceAll(text, replacements[i], replacements[i+1])
	}
	o, err := order.Parse([]byte(text))
	require.NoError(t, err)
	return o, []byte(text)
}

// Customer returns the customer's key, which is the same in each test.
func Customer(t testing.TB) *age.X25519Identity {
	t.Helper()
	const key = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
	id, err := age.ParseX25519Identity(key) // 32 bytes 42, from age's own test vectors
	require.NoError(t, err)
	return id
}

// Key returns the SSH key of the station. It is the same in each test.
func Key() ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("insecure station key for tests"))
	return ed25519.NewKeyFromSeed(seed[:])
}

// masterText is a master key for tests.
var masterText = func() string {
	m, err := journal.Realm.NewMaster()
	if err != nil {
		panic(err)
	}
	return m.Text()
}()

// Config returns the configuration of a journal in a folder.
func Config(t testing.TB, dir, master string) journal.Config {
	t.Helper()
	m, err := journal.Realm.ParseMaster(master)
	require.NoError(t, err)
	return journal.Config{
		Database: filepath.Join(dir, "line.db"), Create: true, Station: "station-1", Master: m, Key: Key(),
	}
}

// Master returns a random master key, which is the same within the process.
func Master() string { return masterText }

// SQLite changes the journal in a folder with the program of SQLite, which checks no foreign
// keys.
func SQLite(t testing.TB, dir, query string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tooltest.Find(t, "sqlite3"), "-bail", filepath.Join(dir, "line.db"))
	cmd.Stdin = strings.NewReader(query)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s", query, out)
}

// Batch opens the journal in a folder, and closes it when the test ends.
func Batch(t testing.TB, dir string, o *order.Order, content []byte) *journal.Batch {
	t.Helper()
	j, err := journal.Open(t.Context(), Config(t, dir, Master()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	return Begin(t, j, o, content)
}

// Begin begins an order for recipients of age.
func Begin(t testing.TB, j *journal.Journal, o *order.Order, content []byte) *journal.Batch {
	t.Helper()
	recipients, err := journal.Recipients(o, nil)
	require.NoError(t, err)
	b, err := j.Batch(t.Context(), o, content, recipients)
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return b
}

// Decrypt returns the records of a run, if there are any, as the customer gets them: it decrypts the key with
// age and the seeds with the reader of package seedfile.
func Decrypt(t testing.TB, b *journal.Batch, run journal.Run, through int64) (list []seedfile.Record) {
	t.Helper()
	in, err := age.Decrypt(bytes.NewReader(run.KeyAge), Customer(t))
	require.NoError(t, err)
	text, err := io.ReadAll(in)
	require.NoError(t, err)
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	format, err := seedfile.FormatByName("pskc")
	require.NoError(t, err)
	var file bytes.Buffer
	w, err := format.NewWriter(&file, seedfile.WriteOptions{Sealed: run.Head})
	require.NoError(t, err)
	p := b.Order().TokenProfile()
	units := 0
	require.NoError(t, b.Sealed(t.Context(), run.ID, through, func(u journal.SealedUnit) error {
		units++
		return w.Write(&seedfile.Record{Serial: u.Serial, Algorithm: p.Algorithm, Digits: p.Digits, Step: p.Step, T0: p.T0, Sealed: &u.Seed})
	}))
	if units == 0 { // a PSKC file has at least one
		return nil
	}
	require.NoError(t, w.Close())
	r, err := format.NewReader(&file, seedfile.ReadOptions{Keys: seedfile.Keys{Key: key}})
	require.NoError(t, err)
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list
		}
		require.NoError(t, err)
		list = append(list, rec)
	}
}

// Seeds returns the seeds of all units that are done, by serial number.
func Seeds(t testing.TB, b *journal.Batch) map[string]token.Seed {
	t.Helper()
	through, err := b.Done(t.Context(), b.Order().ID)
	require.NoError(t, err)
	runs, err := b.Runs(t.Context(), b.Order().ID)
	require.NoError(t, err)
	seeds := map[string]token.Seed{}
	for _, run := range runs {
		for _, r := range Decrypt(t, b, run, through) {
			seeds[r.Serial.String()] = r.Seed
		}
	}
	return seeds
}
