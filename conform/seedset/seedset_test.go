// SPDX-License-Identifier: Apache-2.0

package seedset_test

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform/seedset"
	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
)

const number = 7

func TestKinds(t *testing.T) {
	names := map[string]bool{}
	for i, k := range seedset.Kinds() {
		require.Equal(t, fmt.Sprintf("F%02d", i+1), k.ID)
		require.False(t, names[k.Name], k.Name)
		names[k.Name] = true
		require.NotEmpty(t, k.Source, k.ID)
		require.NotContains(t, k.Requirement, ".", "%s: a requirement is one sentence without a stop", k.ID)
		require.True(t, strings.HasSuffix(k.Why, "."), k.ID)
		_, err := seedfile.FormatByName(k.Format)
		require.NoError(t, err, k.ID)
	}
}

func TestSameFiles(t *testing.T) {
	one, two, other := seedset.Files(number), seedset.Files(number), seedset.Files(number+1)
	serials := map[string]string{}
	for i, f := range one {
		require.Equal(t, f.Text, two[i].Text, f.Name)
		require.Equal(t, f.Key, two[i].Key, f.Name)
		require.Equal(t, f.Password, two[i].Password, f.Name)
		require.NotEqual(t, f.Text, other[i].Text, f.Name)
		require.NotEmpty(t, f.Tokens, f.Name)
		require.Equal(t, f.Verdict == seedset.Import, f.Right == nil, f.Name)
		for _, token := range f.Tokens {
			first, used := serials[token.Serial]
			require.False(t, used && first != f.Name, "%s: %s is in %s too", f.Name, token.Serial, first)
			serials[token.Serial] = f.Name
		}
	}
}

// read reads a file with package seedfile.
func read(f *seedset.File) (records []seedfile.Record, err error) {
	format, err := seedfile.FormatByName(f.Format)
	if err != nil {
		return nil, err
	}
	r, err := format.NewReader(bytes.NewReader(f.Text), seedfile.ReadOptions{
		Step: token.UnixSeconds(f.Period), Keys: seedfile.Keys{Key: f.Key, Password: []byte(f.Password)},
	})
	if err != nil {
		return nil, err
	}
	r = seedfile.Unique(r, f.Format)
	for {
		record, err := r.Read()
		if err == io.EOF {
			return records, nil
		}
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
}

// requireTokens checks that records are the tokens of a file.
func requireTokens(t *testing.T, f *seedset.File, records []seedfile.Record) {
	t.Helper()
	require.Len(t, records, len(f.Tokens), f.Name)
	for i, want := range f.Tokens {
		r := &records[i]
		name := r.SerialText()
		if name == "" {
			name = r.User
		}
		require.True(t, name == want.Serial || strings.HasSuffix(name, ":"+want.Serial), "%s: %s", f.Name, name)
		require.Equal(t, want.Key, r.Seed.Bytes(), f.Name)
		require.Equal(t, seedfile.TOTP, r.Type, f.Name)
		require.Equal(t, want.Algorithm, r.Algorithm, f.Name)
		require.Equal(t, want.Digits, r.Digits, f.Name)
		require.EqualValues(t, want.Period, r.Step, f.Name)
		require.EqualValues(t, 0, r.T0, f.Name)
		require.Equal(t, want.Drift, r.Drift, f.Name)
		require.Equal(t, want.Start, r.Effective().Start, f.Name)
		require.Equal(t, want.Expiry, r.Effective().Expiry, f.Name)
	}
}

// secrets returns a seed in the encodings in which it may be in a message.
func secrets(key []byte) []string {
	return []string{hex.EncodeToString(key), base32.StdEncoding.EncodeToString(key), base64.StdEncoding.EncodeToString(key)}
}

// TestOwnImporters: package seedfile treats each file as an importer must.
func TestOwnImporters(t *testing.T) {
	refused := map[string]bool{}
	for _, f := range seedset.Files(number) {
		records, err := read(&f)
		t.Log(f.ID, f.Name, f.Verdict, err)
		switch f.Verdict {
		case seedset.Import:
			require.NoError(t, err, f.Name)
			requireTokens(t, &f, records)
		case seedset.Refuse:
			require.Error(t, err, f.Name)
		case seedset.Either:
			if refused[f.ID] = err != nil; err == nil {
				requireTokens(t, &f, records)
			}
		}
		if err != nil {
			plain := strings.ReplaceAll(err.Error(), "-", "")
			for _, token := range f.Tokens {
				for _, s := range secrets(token.Key) {
					require.NotContains(t, plain, s, f.Name)
				}
			}
		}
		if f.Right != nil {
			records, err := read(f.Right)
			require.NoError(t, err, f.Name)
			requireTokens(t, f.Right, records)
		}
	}
	for id, was := range refused { // documented in docs/seed-files.md
		require.Equal(t, slices.Contains([]string{"F19", "F21", "F46"}, id), was, id)
	}
}

// run runs a program with an input, and returns its output.
func run(t *testing.T, input []byte, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestPSKCTool: pskctool of the OATH Toolkit validates the PSKC files against the schema of
// RFC 6030, and reads the values of those without encryption.
func TestPSKCTool(t *testing.T) {
	tool := tooltest.Find(t, "pskctool")
	// The files that the schema does not allow, or that are no longer XML.
	invalid := []string{"F15", "F19", "F21", "F26", "F27", "F39", "F51", "F54", "F55"}
	for _, f := range seedset.Files(number) {
		if f.Format != "pskc" {
			continue
		}
		path := filepath.Join(t.TempDir(), f.Name)
		require.NoError(t, os.WriteFile(path, f.Text, 0o600))
		out, err := run(t, nil, tool, "--validate", path)
		t.Log(f.ID, f.Name, strings.TrimSpace(out))
		require.Equal(t, slices.Contains(invalid, f.ID), err != nil || strings.Contains(out, "FAIL"), "%s: %s", f.Name, out)
		if f.Verdict != seedset.Import || f.Key != nil || f.Password != "" || f.ID == "F13" {
			continue // pskctool reads neither encrypted values nor time zones
		}
		out, err = run(t, nil, tool, "--info", "--strict", path)
		require.NoError(t, err, "%s: %s", f.Name, out)
		for _, token := range f.Tokens {
			for _, want := range []string{
				"SerialNo: " + token.Serial, "Key Secret (base64): " + base64.StdEncoding.EncodeToString(token.Key),
				fmt.Sprintf("TimeInterval: %d", token.Period), fmt.Sprintf("Response Format Length: %d", token.Digits),
			} {
				require.Contains(t, out, want, f.Name)
			}
			if token.Drift != 0 {
				require.Contains(t, out, fmt.Sprintf("TimeDrift: %d", token.Drift), f.Name)
			}
			if !token.Expiry.IsZero() {
				require.Contains(t, out, "ExpiryDate: "+token.Expiry.Format("2006-01-02 15:04:05"), f.Name)
			}
		}
	}
}

// TestOpenSSL: OpenSSL decrypts the seed of an encrypted file with its key or password, and
// computes its MAC.
func TestOpenSSL(t *testing.T) {
	tool := tooltest.Find(t, "openssl")
	between := func(text, from, to string) string {
		_, text, ok := strings.Cut(text, from)
		require.True(t, ok, from)
		text, _, ok = strings.Cut(text, to)
		require.True(t, ok, to)
		return text
	}
	bytesOf := func(text string) []byte {
		b, err := base64.StdEncoding.DecodeString(text)
		require.NoError(t, err)
		return b
	}
	for _, f := range seedset.Files(number) {
		if !slices.Contains([]string{"F22", "F24", "F25"}, f.ID) {
			continue
		}
		text := string(f.Text)
		key := hex.EncodeToString(f.Key)
		if f.Password != "" {
			out, err := run(t, nil, tool, "kdf", "-keylen", "16", "-kdfopt", "digest:SHA1", "-kdfopt", "pass:"+f.Password,
				"-kdfopt", "hexsalt:"+hex.EncodeToString(bytesOf(between(text, "<Specified>", "<"))),
				"-kdfopt", "iter:"+between(text, `<IterationCount xmlns="">`, "<"), "PBKDF2")
			require.NoError(t, err, out)
			key = strings.ReplaceAll(strings.TrimSpace(out), ":", "")
		}
		decrypt := func(sealed []byte) []byte {
			out, err := run(t, sealed[16:], tool, "enc", "-d", "-aes-128-cbc", "-K", key, "-iv", hex.EncodeToString(sealed[:16]))
			require.NoError(t, err, out)
			return []byte(out)
		}
		_, value, _ := strings.Cut(text, "<Secret>")
		sealed := bytesOf(between(value, "<xenc:CipherValue>", "<"))
		require.Equal(t, f.Tokens[0].Key, decrypt(sealed), f.Name)
		macKey := decrypt(bytesOf(between(text, "<xenc:CipherValue>", "<")))
		digest := "SHA1"
		if f.ID == "F25" {
			digest = "SHA256"
		}
		out, err := run(t, sealed, tool, "mac", "-digest", digest, "-macopt", "hexkey:"+hex.EncodeToString(macKey), "HMAC")
		require.NoError(t, err, out)
		require.Equal(t, bytesOf(between(value, "<ValueMAC>", "<")), mustHex(t, strings.TrimSpace(out)), f.Name)
	}
}

func mustHex(t *testing.T, text string) []byte {
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

// TestCodes: oathtool computes the codes of the tokens.
func TestCodes(t *testing.T) {
	tool := tooltest.Find(t, "oathtool")
	const at = 1775012420
	for _, f := range seedset.Files(number) {
		if !slices.Contains([]string{"F01", "F14", "F17", "F18", "F58", "F60"}, f.ID) {
			continue
		}
		for _, token := range f.Tokens {
			out, err := run(t, nil, tool, "--totp="+strings.ToLower(token.Algorithm.String()), "-d", fmt.Sprint(token.Digits),
				"-s", fmt.Sprint(token.Period, "s"), "-N", fmt.Sprint("@", at), hex.EncodeToString(token.Key))
			require.NoError(t, err, out)
			require.Equal(t, strings.TrimSpace(out), token.Code(at/token.Period), f.Name)
		}
	}
}
