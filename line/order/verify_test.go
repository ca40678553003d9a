// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/sshsig"
	"github.com/d204ef64/fob/line/order"
)

func sign(t testing.TB, text, name string) []byte {
	t.Helper()
	sig, err := order.Sign([]byte(text), signerOf(t, name), now)
	require.NoError(t, err)
	return sig
}

func allow(t testing.TB, lines ...string) *sshsig.Allowed {
	t.Helper()
	a, err := order.ParseAllowed([]byte(strings.Join(lines, "")), time.UTC)
	require.NoError(t, err)
	return a
}

// TestVerify checks each reason for which a line refuses an order.
func TestVerify(t *testing.T) {
	text := example(t)
	tanaka, sato, suzuki := sign(t, text, "tanaka"), sign(t, text, "sato"), sign(t, text, "suzuki")
	both := allow(t, allowedLine(t, "tanaka", ""), allowedLine(t, "sato", ""))
	three := replace(t, "signatures: 2", "signatures: 3")
	other, err := sshsig.Sign([]byte(text), signerOf(t, "tanaka"), "git")
	require.NoError(t, err)
	suzukis := sshsig.Fingerprint(signerOf(t, "suzuki").PublicKey())
	for _, c := range []struct {
		name    string
		text    string
		sigs    [][]byte
		allowed *sshsig.Allowed
		now     time.Time
		want    error
		message string
	}{
		{"good", text, [][]byte{tanaka, sato}, both, now, nil, ""},
		{"a third", text, [][]byte{tanaka, sato, tanaka}, both, now, nil, ""},
		{"none", text, nil, both, now, order.ErrFewSignatures, "0 of 2 different people signed it: let others sign"},
		{"one", text, [][]byte{tanaka}, both, now, order.ErrFewSignatures, "1 of 2 different people"},
		{"one person twice", text, [][]byte{tanaka, tanaka}, both, now, order.ErrFewSignatures, "1 of 2 different people"},
		{"two keys of one person", text, [][]byte{tanaka, sato},
			allow(t, allowedLine(t, "tanaka", ""), strings.Replace(allowedLine(t, "sato", ""), "sato", "tanaka", 1)),
			now, order.ErrFewSignatures, "1 of 2 different people"},
		{"two names of one key", text, [][]byte{tanaka, tanaka},
			allow(t, allowedLine(t, "tanaka", ""), strings.Replace(allowedLine(t, "tanaka", ""), "tanaka", "sato", 1)),
			now, order.ErrFewSignatures, "1 of 2 different people"},
		{"three needed", three, [][]byte{sign(t, three, "tanaka"), sign(t, three, "sato")}, both, now, order.ErrFewSignatures, "2 of 3 different people"},
		{"changed", strings.Replace(text, "count: 10 ", "count: 12 ", 1), [][]byte{tanaka, sato}, both, now, order.ErrChanged, "signature 1 of tanaka: the signature does not fit"},
		{"a comment changed", text + "#\n", [][]byte{tanaka, sato}, both, now, order.ErrChanged, "signature 2 of sato: the signature does not fit"},
		{"one is old", text, [][]byte{tanaka, sign(t, text+"#\n", "sato")}, both, now, order.ErrChanged, "signature 2 of sato: "},
		{"a stranger", text, [][]byte{tanaka, sato, suzuki}, both, now, order.ErrNotAllowed, "signature 3 of " + suzukis + ": the signer is not allowed: the key is not allowed: add it"},
		{"another purpose", text, [][]byte{other.Armor(), sato}, both, now, order.ErrSignature, `it is for the namespace "git": sign with -n fob-order`},
		{"key for another purpose", text, [][]byte{tanaka, sato}, allow(t, allowedLine(t, "tanaka", `namespaces="git" `), allowedLine(t, "sato", "")),
			now, sshsig.ErrNamespace, "see its option namespaces"},
		{"key expired", text, [][]byte{tanaka, sato}, allow(t, allowedLine(t, "tanaka", `valid-before="20261101Z" `), allowedLine(t, "sato", "")),
			now, sshsig.ErrExpired, "the key has expired"},
		{"key not valid yet", text, [][]byte{tanaka, sato}, allow(t, allowedLine(t, "tanaka", `valid-after="20270101Z" `), allowedLine(t, "sato", "")),
			now, sshsig.ErrNotYet, "the key is not valid yet"},
		{"garbage", text, [][]byte{[]byte("x")}, both, now, order.ErrSignature, "signature 1: not a signature of an order"},
		{"first instant", text, [][]byte{tanaka, sato}, both, time.Date(2025, 12, 31, 15, 0, 0, 0, time.UTC), nil, ""},
		{"too early", text, [][]byte{tanaka, sato}, both, time.Date(2025, 12, 31, 14, 59, 59, 0, time.UTC), order.ErrNotYetValid, "valid from 2026-01-01T00:00:00+09:00"},
		{"last instant", text, [][]byte{tanaka, sato}, both, time.Date(2030, 12, 31, 14, 59, 59, 0, time.UTC), nil, ""},
		{"too late", text, [][]byte{tanaka, sato}, both, time.Date(2030, 12, 31, 15, 0, 0, 0, time.UTC), order.ErrRanOut, "valid until 2030-12-31T23:59:59+09:00"},
		{"faults", "id: x\n", [][]byte{tanaka, sato}, both, now, order.ErrOrder, "customer: it is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, signers, err := order.Verify([]byte(c.text), c.sigs, c.allowed, c.now)
			if c.want == nil {
				require.NoError(t, err)
				require.Equal(t, "ORD-2026-0001", o.ID)
				require.Equal(t, []string{"tanaka", "sato"}, []string{signers[0].Principal, signers[1].Principal})
				return
			}
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.message)
			require.Nil(t, o)
			class, found := errclass.Of(err)
			require.True(t, found)
			require.Contains(t, []errclass.Class{errclass.Refused, errclass.Usage}, class)
		})
	}
}

// TestEveryByte checks that no byte of an order can be changed.
func TestEveryByte(t *testing.T) {
	text := example(t)
	sigs := [][]byte{sign(t, text, "tanaka"), sign(t, text, "sato")}
	both := allow(t, allowedLine(t, "tanaka", ""), allowedLine(t, "sato", ""))
	for i := 0; i < len(text); i += 7 {
		b := []byte(text)
		b[i] ^= 1
		_, _, err := order.Verify(b, sigs, both, now)
		require.Error(t, err, "byte %d", i)
	}
}

func TestSignRefuses(t *testing.T) {
	_, err := order.Sign([]byte("id: x\n"), signerOf(t, "tanaka"), now)
	require.ErrorIs(t, err, order.ErrOrder)
	_, err = order.Sign([]byte(example(t)), signerOf(t, "tanaka"), now.AddDate(10, 0, 0))
	require.ErrorContains(t, err, ":66: valid_until: the order ran out")
}

// TestVerifyFile checks which files are signatures of an order, and that errors name
// them.
func TestVerifyFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "order.yaml")
	write := func(name string, b []byte) { require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600)) }
	text := example(t)
	write("order.yaml", []byte(text))
	write("order.yaml.tanaka.sig", sign(t, text, "tanaka"))
	write("order.yaml.sig", sign(t, text, "sato")) // as ssh-keygen -Y sign names it
	write("order.yaml2.sig", []byte("another order's"))
	write("order.yaml.sig.bak", []byte("x"))
	both := allow(t, allowedLine(t, "tanaka", ""), allowedLine(t, "sato", ""))
	_, signers, err := order.VerifyFile(path, both, now)
	require.NoError(t, err)
	require.Equal(t, path+".sig", signers[0].File)

	write("order.yaml.x.sig", sign(t, text+"#\n", "tanaka"))
	_, _, err = order.VerifyFile(path, both, now)
	require.ErrorContains(t, err, path+".x.sig of tanaka: the signature does not fit: the order was changed after it was signed: sign it again")
	write("order.yaml", []byte("id: x\n"))
	_, _, err = order.VerifyFile(path, both, now)
	require.ErrorContains(t, err, fmt.Sprintf("%s:1: customer: it is missing", path))
	_, _, err = order.VerifyFile(filepath.Join(dir, "none"), both, now)
	require.ErrorContains(t, err, "reading the order: ")

	for name, good := range map[string]bool{"tanaka@example.com": true, "a": true, "": false, ".a": false, "../a": false, "a/b": false, "a b": false, strings.Repeat("a", 65): false} {
		_, err := order.SignatureFile(path, name)
		require.Equal(t, good, err == nil, name)
	}
}
