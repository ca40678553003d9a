// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBankKeepsSecrets checks that no command of the bank reveals a seed, a password,
// its key or a code, whether it succeeds or fails. The database must not contain them
// in clear, and neither must a server's arguments, environment and log.
func TestBankKeepsSecrets(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	put := func(name, text string) string {
		require.NoError(t, os.WriteFile(path(name), []byte(text), 0o600))
		return path(name)
	}
	const seed, password, next, code = "A seed, 20 bytes lng", "a password nobody knows", "another that nobody knows", "918273"
	pw := put("in-pw", password+"\n")
	newPW := put("in-new-pw", next+"\n")
	codes := put("in-codes", code+"\n"+code+"\n")
	tokens := put("in-tokens.csv", "2600124800001, "+hex.EncodeToString([]byte(seed))+", totp, 6, 60\n")
	twice := put("in-twice.csv", "2600124800002, "+hex.EncodeToString([]byte(seed))+", totp, 6, 60\n")

	secrets := []secret{
		{name: "seed", bytes: []byte(seed)}, {name: "password", bytes: []byte(password)},
		{name: "new password", bytes: []byte(next)}, {name: "code", bytes: []byte(code), code: true},
	}
	look := func(where string, b []byte) {
		t.Helper()
		for _, s := range secrets {
			s.assertAbsent(t, where, b)
		}
	}
	bank := func(want int, args ...string) string {
		t.Helper()
		all := append(append([]string{"validator"}, args...), "--db", path("bank.db"), "--key-file", path("in-bank.key"))
		code, out, errs := fob(t, "", all...)
		require.Equal(t, want, code, "%s: %s%s", strings.Join(args, " "), out, errs)
		look(strings.Join(args, " "), []byte(out+errs))
		return out
	}

	bank(0, "init", "--first-clerk", "tanaka", "--password-file", pw, "--api-key-out", path("in-api.key"))
	for _, name := range []string{"in-bank.key", "in-api.key"} {
		text, err := os.ReadFile(path(name))
		require.NoError(t, err)
		text = bytes.TrimSpace(text)
		secrets = append(secrets, secret{name: name, bytes: text})
		if _, key, ok := bytes.Cut(text, []byte(":")); ok {
			raw, err := base64.RawURLEncoding.DecodeString(string(key))
			require.NoError(t, err)
			secrets = append(secrets, secret{name: name + ", decoded", bytes: raw[:32]})
		}
	}
	bank(0, "contract", "add", "C-1", "--name", "X", "--address", "Y", "--email", "x@example.com")
	bank(0, "user", "add", "alice", "--contract", "C-1", "--name", "Alice", "--role", "master", "--password-file", pw)
	bank(0, "user", "change", "alice", "--password-file", newPW)
	bank(4, "user", "add", "alice", "--contract", "C-1", "--name", "Alice", "--password-file", pw)
	bank(0, "clerk", "add", "sato", "--name", "Sato", "--password-file", newPW)
	bank(0, "import", tokens, "--from", "oath-csv", "--contract", "C-1")
	bank(4, "import", tokens, "--from", "oath-csv")
	bank(4, "import", twice, "--from", "oath-csv")
	bank(2, "import", pw, "--from", "oath-csv")
	bank(2, "import", path("in-bank.key"))
	bank(4, "token", "resync", "2600124800001", "--codes-file", codes)
	bank(2, "token", "resync", "2600124800001", code)
	bank(2, "token", "show", hex.EncodeToString([]byte(seed)))
	bank(0, "token", "show", "2600124800001", "--json")
	bank(0, "token", "list", "--json")
	bank(0, "user", "list", "--contract", "C-1", "--json")
	bank(0, "key", "list", "--json")
	bank(0, "rotate-key")
	bank(0, "audit", "list", "--json")
	bank(0, "audit", "export")
	bank(0, "audit", "verify", "--json")
	_, out, errs := fob(t, "", "validator", "token", "list", "--db", path("bank.db"), "--key-file", tokens)
	look("a wrong key file", []byte(out+errs))
	_, out, errs = fob(t, "", "validator", "token", "list", "--db-file", path("in-bank.key"))
	look("a key in place of an address", []byte(out+errs))

	var log bytes.Buffer
	var ready serving
	cmd := startProgram(t, &log, &ready, "validator", "serve", "--db", path("bank.db"), "--key-file", path("in-bank.key"),
		"--listen", "127.0.0.1:0", "--verbose")
	for _, name := range []string{"cmdline", "environ"} {
		b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), name))
		require.NoError(t, err)
		look(name, b)
	}
	for _, body := range []string{
		`{"user":"alice","password":"` + next + `"}`, `{"user":"alice","password":"` + password + `"}`,
		`{"user":"` + password + `","password":"` + code + `"}`, `{"password":"` + password,
		`{"serial":"2600124800001","code":"` + code + `"}`,
	} {
		for _, to := range []string{"/v1/sessions", "/v1/check?code=" + code, "/v1/tokens/" + code + "/" + code} {
			answer, err := http.Post(ready.HTTP+to, "application/json", strings.NewReader(body))
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
		}
	}
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.NoError(t, cmd.Wait())
	require.Contains(t, log.String(), `"route":"/v1/sessions"`)
	look("the server's log", log.Bytes())

	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	looked := 0
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "in-") {
			continue
		}
		b, err := os.ReadFile(path(f.Name()))
		require.NoError(t, err)
		look(f.Name(), b)
		looked++
	}
	require.NotZero(t, looked, "the database")
}
