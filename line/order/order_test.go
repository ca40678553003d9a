// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/d204ef64/fob/internal/sshsig"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/token"
)

var update = flag.Bool("update", false, "write the files in docs/line")

// docs is the folder of the example.
var docs = filepath.Join("..", "..", "docs", "line")

// now is a time at which the example is valid.
var now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)

// people sign the example. Everyone can compute their keys.
var people = []string{"tanaka@example.com", "sato@example.com"}

func signerOf(t testing.TB, name string) sshsig.Signer {
	t.Helper()
	seed := sha256.Sum256([]byte("fob insecure test signer " + name))
	key, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed[:]))
	require.NoError(t, err)
	return key
}

// allowedLine returns the line of a person in a list of allowed signers.
func allowedLine(t testing.TB, name, options string) string {
	t.Helper()
	return name + " " + options + string(ssh.MarshalAuthorizedKey(signerOf(t, name).PublicKey()))
}

func example(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(docs, "order.yaml"))
	require.NoError(t, err)
	return string(b)
}

// TestFiles checks that the files in docs/line follow from the code. Write them with go
// generate ./line/order.
func TestFiles(t *testing.T) {
	key, err := os.ReadFile(filepath.Join(docs, "insecure-test-recipient.key"))
	require.NoError(t, err)
	public := regexp.MustCompile(`age1\w+`).FindString(string(key))
	sample, err := os.ReadFile("sample.yaml")
	require.NoError(t, err)
	require.Contains(t, string(sample), order.SampleRecipient)
	text := strings.Replace(string(sample), order.SampleRecipient, public, 1)
	text = strings.Replace(text, "https://raw.githubusercontent.com/d204ef64/fob/main/docs/line/", "", 1)
	text = strings.Replace(text, "# An order for", "# The example of docs/line.md, with the INSECURE recipient in insecure-test-recipient.key.\n#\n# An order for", 1)
	schema, err := order.Schema()
	require.NoError(t, err)
	files := map[string]string{"order.yaml": text, "order.schema.json": string(schema), "allowed_signers": ""}
	for _, name := range people {
		sig, err := order.Sign([]byte(text), signerOf(t, name), now)
		require.NoError(t, err)
		file, err := order.SignatureFile("order.yaml", name)
		require.NoError(t, err)
		files[file] = string(sig)
		files["allowed_signers"] += allowedLine(t, name, `namespaces="fob-order" `)
	}
	for name, want := range files {
		path := filepath.Join(docs, name)
		if *update {
			require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		}
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, want, string(got), "%s: go generate ./line/order", name)
	}

	allowed, err := order.ParseAllowed([]byte(files["allowed_signers"]), time.UTC)
	require.NoError(t, err)
	o, signers, err := order.VerifyFile(filepath.Join(docs, "order.yaml"), allowed, now)
	require.NoError(t, err)
	require.Len(t, signers, 2)
	require.Equal(t, sha256.Sum256([]byte(text)), o.Digest())
}

// TestSchema checks that the fields of the example are in the schema.
func TestSchema(t *testing.T) {
	text, err := order.Schema()
	require.NoError(t, err)
	var s struct {
		Properties map[string]any `json:"properties"`
		Required   []string       `json:"required"`
		Others     *bool          `json:"additionalProperties"`
	}
	require.NoError(t, json.Unmarshal(text, &s))
	require.False(t, *s.Others)
	require.Contains(t, s.Required, "valid_until")
	require.NotContains(t, s.Required, "signatures")
	for _, m := range regexp.MustCompile(`(?m)^([a-z_]+):`).FindAllStringSubmatch(example(t), -1) {
		require.Contains(t, s.Properties, m[1])
	}
}

// TestSample checks that the order of fob line order new has no fault.
func TestSample(t *testing.T) {
	o, err := order.Check(order.Sample(now), now)
	require.NoError(t, err)
	from, until := o.Validity()
	require.Equal(t, "2026-12-01T09:00:00+09:00", from.Format(time.RFC3339))
	require.Equal(t, 30*24*time.Hour, until.Sub(from))
	// 15:00 UTC is midnight in Japan.
	require.Equal(t, "2031-12-01", o.ExpiryFor(time.Date(2026, 12, 1, 14, 59, 59, 0, time.UTC)).String())
	require.Equal(t, "2031-12-02", o.ExpiryFor(time.Date(2026, 12, 1, 15, 0, 0, 0, time.UTC)).String())
	require.Equal(t, "2033-02-28", o.ExpiryFor(time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC)).String())
}

func TestParse(t *testing.T) {
	o, err := order.Parse([]byte(example(t)))
	require.NoError(t, err)
	require.Equal(t, "ORD-2026-0001", o.ID)
	require.Equal(t, 2, o.Signatures)
	require.Equal(t, "2031-11-30", o.ExpiryFor(now).String())
	require.Equal(t, "11/30/31", o.ExpiryFor(now).BackLabel())
	p := o.TokenProfile()
	require.Equal(t, []any{"button-6", uint8(6), token.UnixSeconds(60)}, []any{p.Name, p.Digits, p.Step})
	require.EqualValues(t, 12, o.SerialCount())
	require.True(t, o.Firmware.Allows("0.1.0"))
	require.False(t, o.Firmware.Allows("0.1.1"))

	o, err = order.Parse([]byte(replace(t, "  # digits: 6 ", "  digits: 8 ", "  # step: 60 ", "  step: 30 ", "  # algorithm: sha1 ", "  algorithm: sha256 ")))
	require.NoError(t, err)
	p = o.TokenProfile()
	require.Equal(t, []any{uint8(8), token.UnixSeconds(30), token.SHA256}, []any{p.Digits, p.Step, p.Algorithm})
	o, err = order.Parse([]byte(replace(t, "  versions: [0.1.0]", "  from: 0.9.0\n  to: 0.10.0")))
	require.NoError(t, err)
	for version, want := range map[string]bool{"0.9.0": true, "0.9.12": true, "0.10.0": true, "0.10.1": false, "0.8.9": false, "0.9.0-rc1": false, "": false, "x": false} {
		require.Equal(t, want, o.Firmware.Allows(version), version)
	}
}

// replace returns the example with other texts. Each must be in it.
func replace(t testing.TB, pairs ...string) string {
	t.Helper()
	text := example(t)
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, text, pairs[i])
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}
