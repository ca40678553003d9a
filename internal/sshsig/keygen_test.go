// SPDX-License-Identifier: Apache-2.0

//go:build unix

package sshsig_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/sshsig"
	"github.com/d204ef64/fob/internal/tooltest"
)

const (
	text      = "id: ORD-1\ncustomer: Example Bank\n"
	namespace = "fob-order"
)

// keygen runs ssh-keygen in a folder.
func keygen(t *testing.T, dir, stdin string, args ...string) error {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tooltest.Find(t, "ssh-keygen"), args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("ssh-keygen %q: %w: %s", args, err, out)
	}
	return nil
}

// newKey makes a key with ssh-keygen in the file of that name.
func newKey(t *testing.T, dir, name, kind, passphrase string) {
	t.Helper()
	require.NoError(t, keygen(t, dir, "", "-q", "-t", kind, "-N", passphrase, "-C", "", "-f", name))
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return b
}

func write(t *testing.T, dir, name string, b []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
}

// TestSSHKeygen checks that ssh-keygen accepts our signatures, and that we accept its
// signatures, with a plain and with an encrypted key.
func TestSSHKeygen(t *testing.T) {
	for _, passphrase := range []string{"", "correct horse"} {
		dir := t.TempDir()
		newKey(t, dir, "key", "ed25519", passphrase)
		write(t, dir, "text", []byte(text))
		write(t, dir, "allowed", append([]byte("tanaka@example.com "), read(t, dir, "key.pub")...))
		allowed, err := sshsig.ParseAllowed(read(t, dir, "allowed"), time.UTC)
		require.NoError(t, err)
		if passphrase != "" {
			_, err = sshsig.ParsePrivateKey(read(t, dir, "key"), nil)
			require.ErrorIs(t, err, sshsig.ErrNeedPassphrase)
			_, err = sshsig.ParsePrivateKey(read(t, dir, "key"), []byte("wrong"))
			require.ErrorIs(t, err, sshsig.ErrWrongPassphrase)
		}
		key, err := sshsig.ParsePrivateKey(read(t, dir, "key"), []byte(passphrase))
		require.NoError(t, err)

		ours, err := sshsig.Sign([]byte(text), key, namespace)
		require.NoError(t, err)
		write(t, dir, "ours.sig", ours.Armor())
		verify := []string{"-Y", "verify", "-f", "allowed", "-I", "tanaka@example.com", "-n", namespace, "-s", "ours.sig"}
		require.NoError(t, keygen(t, dir, text, verify...))
		require.Error(t, keygen(t, dir, text+" ", verify...))

		if passphrase == "" { // otherwise it asks a terminal
			require.NoError(t, keygen(t, dir, "", "-q", "-Y", "sign", "-f", "key", "-n", namespace, "text"))
			theirs, err := sshsig.Parse(read(t, dir, "text.sig"))
			require.NoError(t, err)
			require.Equal(t, namespace, theirs.Namespace())
			require.NoError(t, theirs.Verify([]byte(text)))
			require.ErrorIs(t, theirs.Verify([]byte(text+" ")), sshsig.ErrChanged)
			person, err := allowed.Find(theirs.Key(), namespace, time.Now())
			require.NoError(t, err)
			require.Equal(t, "tanaka@example.com", person.Principal)
			require.NoError(t, keygen(t, dir, text, append(verify[:len(verify)-1:len(verify)-1], "text.sig")...))

			require.NoError(t, keygen(t, dir, "", "-q", "-Y", "sign", "-O", "hashalg=sha256", "-f", "key", "-n", namespace, "allowed"))
			short, err := sshsig.Parse(read(t, dir, "allowed.sig"))
			require.NoError(t, err)
			require.NoError(t, short.Verify(read(t, dir, "allowed")))
		}
	}
}

// TestOtherKeys checks the refusal of keys that are not Ed25519 keys.
func TestOtherKeys(t *testing.T) {
	dir := t.TempDir()
	for _, kind := range []string{"rsa", "ecdsa"} {
		newKey(t, dir, kind, kind, "")
		_, err := sshsig.ParsePrivateKey(read(t, dir, kind), nil)
		require.ErrorIs(t, err, sshsig.ErrKeyType)
		_, err = sshsig.ParsePublicKey(read(t, dir, kind+".pub"))
		require.ErrorIs(t, err, sshsig.ErrKeyType)
		require.NoError(t, keygen(t, dir, "", "-q", "-Y", "sign", "-f", kind, "-n", namespace, kind+".pub"))
		_, err = sshsig.Parse(read(t, dir, kind+".pub.sig"))
		require.ErrorIs(t, err, sshsig.ErrKeyType)
	}
	for _, wrong := range []string{"", "geheim", "-----BEGIN OPENSSH PRIVATE KEY-----\nZ2VoZWlt\n-----END OPENSSH PRIVATE KEY-----\n"} {
		_, err := sshsig.ParsePrivateKey([]byte(wrong), nil)
		require.ErrorIs(t, err, sshsig.ErrKey)
		_, err = sshsig.ParsePublicKey([]byte(wrong))
		require.ErrorIs(t, err, sshsig.ErrPublicKey)
		require.NotContains(t, err.Error(), "geheim")
	}
}

// TestAllowedLikeSSHKeygen checks that we accept the same signers as ssh-keygen.
func TestAllowedLikeSSHKeygen(t *testing.T) {
	dir := t.TempDir()
	newKey(t, dir, "key", "ed25519", "")
	newKey(t, dir, "other", "ed25519", "")
	write(t, dir, "text", []byte(text))
	require.NoError(t, keygen(t, dir, "", "-q", "-Y", "sign", "-f", "key", "-n", namespace, "text"))
	sig, err := sshsig.Parse(read(t, dir, "text.sig"))
	require.NoError(t, err)
	key, other := strings.TrimSpace(string(read(t, dir, "key.pub"))), strings.TrimSpace(string(read(t, dir, "other.pub")))
	for _, c := range []struct {
		line, at string // at is in UTC
		want     error
	}{
		{"a@x " + key, "20260601120000", nil},
		{"# comment\n\n\ta@x\t" + key + " a comment", "20260601120000", nil},
		{`"a@x" ` + key, "20260601120000", nil},
		{"b@x,a@x " + key, "20260601120000", nil},
		{"a@x " + other, "20260601120000", sshsig.ErrUnknown},
		{`a@x namespaces="fob-order" ` + key, "20260601120000", nil},
		{`a@x NAMESPACES="git,fob-*" ` + key, "20260601120000", nil},
		{`a@x namespaces="fob-orde?" ` + key, "20260601120000", nil},
		{`a@x namespaces="git" ` + key, "20260601120000", sshsig.ErrNamespace},
		{`a@x namespaces="fob-order?" ` + key, "20260601120000", sshsig.ErrNamespace},
		{`a@x namespaces="*,!fob-*" ` + key, "20260601120000", sshsig.ErrNamespace},
		{`a@x valid-after="20260601Z" ` + key, "20260601000000", nil},
		{`a@x valid-after="20260601Z" ` + key, "20260531235959", sshsig.ErrNotYet},
		{`a@x valid-before="20260601Z" ` + key, "20260601000000", nil},
		{`a@x valid-before="20260601Z" ` + key, "20260601000001", sshsig.ErrExpired},
		{`a@x valid-after="202606011200Z",valid-before="20260601130000Z" ` + key, "20260601123000", nil},
		{`a@x valid-after="202606011200Z",valid-before="20260601130000Z" ` + key, "20260601113000", sshsig.ErrNotYet},
		{"a@x valid-before=\"20250101Z\" " + key + "\na@x " + key, "20260601120000", nil},
	} {
		t.Run(c.line+" at "+c.at, func(t *testing.T) {
			write(t, dir, "allowed", []byte(c.line+"\n"))
			now, err := time.Parse("20060102150405", c.at)
			require.NoError(t, err)
			theirs := keygen(t, dir, text, "-Y", "verify", "-f", "allowed", "-I", "a@x", "-n", namespace, "-s", "text.sig", "-O", "verify-time="+c.at+"Z")
			require.Equal(t, c.want == nil, theirs == nil, "%v", theirs)
			allowed, err := sshsig.ParseAllowed([]byte(c.line+"\n"), time.UTC)
			require.NoError(t, err)
			_, err = allowed.Find(sig.Key(), namespace, now)
			require.Equal(t, c.want, err)
		})
	}
}

// TestAgent signs with a key in ssh-agent.
func TestAgent(t *testing.T) {
	program := tooltest.Find(t, "ssh-agent")
	dir := t.TempDir()
	newKey(t, dir, "key", "ed25519", "")
	newKey(t, dir, "other", "ed25519", "")
	socket := filepath.Join(dir, "agent")
	// The agent runs until its command ends.
	cmd := exec.CommandContext(t.Context(), program, "-a", socket, "sh", "-c", "ssh-add -q key && echo ready && cat")
	cmd.Dir = dir
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _, _ = stdin.Close(), cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)

	dial := func() net.Conn {
		connection, err := net.Dial("unix", socket)
		require.NoError(t, err)
		t.Cleanup(func() { _ = connection.Close() })
		return connection
	}
	public, err := sshsig.ParsePublicKey(read(t, dir, "key.pub"))
	require.NoError(t, err)
	key, err := sshsig.FromAgent(dial(), public)
	require.NoError(t, err)
	sig, err := sshsig.Sign([]byte(text), key, namespace)
	require.NoError(t, err)
	require.NoError(t, sig.Verify([]byte(text)))

	public, err = sshsig.ParsePublicKey(read(t, dir, "other.pub"))
	require.NoError(t, err)
	_, err = sshsig.FromAgent(dial(), public)
	require.ErrorIs(t, err, sshsig.ErrNotInAgent)

	near, far := net.Pipe()
	require.NoError(t, far.Close())
	_, err = sshsig.FromAgent(near, public)
	require.ErrorIs(t, err, sshsig.ErrAgent)
}
