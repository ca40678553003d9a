// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMasterText(t *testing.T) {
	m := newMaster(t)
	text := m.Text()
	require.Len(t, text, len("fob-bank-key-1:")+48)
	for _, form := range []string{text, text + "\n", text + "\r\n", "  " + text + "\n\n"} {
		got, err := bank.ReadMaster(strings.NewReader(form))
		require.NoError(t, err)
		require.Equal(t, m.k.key(), got.k.key())
	}
	require.NotEqual(t, text, newMaster(t).Text())
}

func TestParseMasterRefuses(t *testing.T) {
	text := newMaster(t).Text()
	last := text[len(text)-1]
	swapped := byte('A')
	if last == swapped {
		swapped = 'B'
	}
	for form, says := range map[string]string{
		"":                                     "it is empty",
		" \n":                                  "it is empty",
		"hello":                                `does not begin with "fob-bank-key-1:"`,
		strings.Replace(text, "-1:", "-2:", 1): "does not begin",
		text[:len(text)-1]:                     "want 48 characters",
		text + "A":                             "want 48 characters",
		text + "\n" + text:                     "more than one line",
		text[:len(text)-1] + string(swapped):   "checksum is wrong",
		text[:len(text)-1] + "=":               "illegal base64",
		text[:len(text)-1] + "+":               "illegal base64",
		"fob-bank-key-1:" + strings.Repeat("A", 48): "checksum",
		strings.Repeat("x", maxKeyText+1):           "more than 1024 bytes",
	} {
		_, err := bank.ReadMaster(strings.NewReader(form))
		require.ErrorIs(t, err, ErrKeyText)
		require.ErrorContains(t, err, says)
		if len(form) > 40 {
			require.NotContains(t, err.Error(), form[20:40], "the text is not quoted")
		}
	}
}

func TestReadMasterPassesErrors(t *testing.T) {
	boom := errors.New("boom")
	_, err := bank.ReadMaster(failing{boom})
	require.ErrorIs(t, err, boom)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestPassphrase(t *testing.T) {
	one, err := NewKDF()
	require.NoError(t, err)
	two, err := NewKDF()
	require.NoError(t, err)
	require.NotEqual(t, one, two)
	require.True(t, strings.HasPrefix(one, "$argon2id$v=19$m=65536,t=3,p=4$"), one)

	pass := []byte("correct horse battery staple")
	m, err := bank.MasterFromPassphrase(pass, one)
	require.NoError(t, err)
	wrapped, err := newKey(t, PurposeSeed, 1).Wrap(m)
	require.NoError(t, err)
	again, err := bank.MasterFromPassphrase(pass, one)
	require.NoError(t, err)
	_, err = Unwrap(again, PurposeSeed, 1, wrapped)
	require.NoError(t, err)
	for _, c := range []struct{ pass, kdf string }{{"correct horse battery stable", one}, {string(pass), two}} {
		wrong, err := bank.MasterFromPassphrase([]byte(c.pass), c.kdf)
		require.NoError(t, err)
		_, err = Unwrap(wrong, PurposeSeed, 1, wrapped)
		require.ErrorIs(t, err, ErrWrongKey)
	}
	for _, short := range []string{"", "eleven byte", strings.Repeat("x", 1025)} {
		_, err := bank.MasterFromPassphrase([]byte(short), one)
		require.ErrorIs(t, err, ErrPassphrase)
	}
}

func TestKDFRefuses(t *testing.T) {
	const good = "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw"
	_, err := parseKDF(good)
	require.NoError(t, err)
	for _, swap := range [][2]string{
		{"argon2id", "argon2i"}, {"v=19", "v=16"}, {"m=65536", "m=19455"}, {"m=65536", "m=1048577"},
		{"m=65536", "m=-1"}, {"m=65536", "x=65536"}, {"m=65536,", ""}, {"t=3", "t=0"}, {"t=3", "t=17"}, {"p=4", "p=0"},
		{"p=4", "p=260"}, {"p=4", "p=4,x=1"}, {"ODw", ""}, {"ODw", "OD="}, {"ODw", "ODx"}, {"ODw", "ODw$AAAA"},
		{good, ""}, {"ODw", strings.Repeat("A", 100)}, {"ODw", strings.Repeat("A", 300)}, {"$argon2id", "argon2id"},
	} {
		bad := strings.Replace(good, swap[0], swap[1], 1)
		require.NotEqual(t, good, bad)
		_, err := bank.MasterFromPassphrase([]byte("correct horse battery staple"), bad)
		require.ErrorIs(t, err, ErrKDF, bad)
	}
}

func TestKeyFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "bank.key")
	m := newMaster(t)
	require.NoError(t, WriteFile(path, m))
	got, err := bank.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, m.k.key(), got.k.key())

	err = WriteFile(path, newMaster(t))
	require.ErrorIs(t, err, fs.ErrExist)
	require.ErrorIs(t, err, ErrKeyFile)
	got, err = bank.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, m.k.key(), got.k.key(), "the key file is unchanged")

	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file remains")

	require.ErrorIs(t, WriteFile(filepath.Join(dir, "zero"), Master{}), ErrNoKey)
	require.ErrorIs(t, WriteFile(filepath.Join(dir, "no", "where"), m), fs.ErrNotExist)
	_, err = bank.ReadFile(filepath.Join(dir, "missing"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "missing")
}

func TestKeyFileModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file has no mode here")
	}
	path := filepath.Join(t.TempDir(), "bank.key")
	require.NoError(t, WriteFile(path, newMaster(t)))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	for _, mode := range []fs.FileMode{0o604, 0o660, 0o644, 0o620, 0o602} {
		require.NoError(t, os.Chmod(path, mode))
		_, err := bank.ReadFile(path)
		require.ErrorIs(t, err, ErrKeyFile)
		require.ErrorContains(t, err, "chmod 600")
	}
	require.NoError(t, os.Chmod(path, 0o400))
	_, err = bank.ReadFile(path)
	require.NoError(t, err)
}

func FuzzReadMaster(f *testing.F) {
	f.Add("fob-bank-key-1:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyCuIWyy")
	f.Add("fob-bank-key-1:")
	f.Add("\r\n")
	f.Add(newMaster(f).Text() + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := bank.ReadMaster(strings.NewReader(text))
		if err != nil {
			require.ErrorIs(t, err, ErrKeyText)
			require.True(t, m.IsZero())
			return
		}
		require.Equal(t, strings.TrimSpace(text), m.Text(), "a key has one text")
	})
}

func FuzzKDF(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw")
	f.Add("$argon2id$v=19$m=065536,t=3,p=4$")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := parseKDF(text)
		if err != nil {
			return
		}
		require.LessOrEqual(t, k.memory, uint32(maxMemory))
		again, err := parseKDF(k.text())
		require.NoError(t, err)
		require.Equal(t, k, again)
	})
}
