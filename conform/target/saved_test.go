// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/target"
)

// TestSavedValues: a value of a server's answer does not lead a path out of its folder, and
// makes no header, argument or variable that cannot be sent.
func TestSavedValues(t *testing.T) {
	answer := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) }))
	defer server.Close()
	outside := t.TempDir()
	for _, c := range []struct{ step, value, want string }{
		{`file: {path: "{{dir}}/{{id}}", text: x}`, "7-a.b", ""},
		{`file: {path: "{{dir}}/{{id}}.d/x", text: x}`, "../../x", "{{id}} in a path has a value with"},
		{`file: {path: "{{dir}}/{{id}}", text: x}`, filepath.Join(outside, "x"), "{{id}} in a path has a value with"},
		{`file: {path: "OUT/in/{{id}}", text: x}`, "..", "{{id}} in a path has a value with"},
		{`file: {path: "OUT/in/{{id}}{{id}}/x", text: x}`, ".", "{{id}} in a path has a value with"},
		{`file: {path: "OUT/in/.{{id}}", remove: true}`, "./x", "{{id}} in a path has a value with"},
		{`file: {path: "{{dir}}/{{id}}", text: x}`, "a\x00b", "{{id}} in a path has a value with"},
		{`command: {argv: ['true'], dir: "OUT/{{id}}"}`, "../..", "{{id}} in a path has a value with"},
		{`command: {argv: ['true'], env: {ID: "{{id}}"}}`, "a\x00b", "an argument or a variable of true has NUL"},
		{`command: {argv: ['true', "{{id}}"], secrets_in_arguments: true}`, "a\x00b", "an argument or a variable of true has NUL"},
		{`http: {path: /, headers: {Key: "{{id}}"}}`, "a\r\nB: c", "the value of Key has a line break or another control character"},
	} {
		o := open(t, strings.NewReplacer("URL", server.URL, "OUT", outside, "STEP", c.step).Replace(`
name: x
url: URL
import:
  before: [{http: {path: /}, save: {id: {body: '(?s)^(.*)$'}}}]
  STEP
check: {http: {path: '/{{code}}'}, accepted: {status: 200}, refused: {status: 401}}
`))
		answer = c.value
		err := o.Target.Import(t.Context(), &conform.Token{})
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, conform.ErrUnsendable, c.step)
		require.NotErrorIs(t, err, conform.ErrUnreachable)
		require.ErrorContains(t, err, c.want)
		require.NotContains(t, err.Error(), c.value+"x")
	}
	left, err := os.ReadDir(outside)
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestSavedNames: a step does not replace a value of fob or a secret, and a saved value is
// secret in arguments.
func TestSavedNames(t *testing.T) {
	const file = `
name: x
url: http://127.0.0.1:1
secrets: {key: k}
setup: [{http: {path: /}, save: {NAME: {body: '(.*)'}}}]
import: {STEP}
check: {http: {path: '/{{code}}'}, accepted: {status: 200}, refused: {status: 401}}
`
	for _, c := range []struct{ name, step, want string }{
		{"session", `http: {path: /}`, ""},
		{"dir", `http: {path: /}`, "save: {{dir}} has another meaning"},
		{"seed_hex", `http: {path: /}`, "save: {{seed_hex}} has another meaning"},
		{"role", `http: {path: /}`, "save: {{role}} has another meaning"},
		{"key", `http: {path: /}`, "save: {{key}} is one of the secrets"},
		{"Session", `http: {path: /}`, `save: "Session": want a name of a-z, 0-9 and _`},
		{"session", `command: {argv: [x, "{{session}}"]}`, "{{session}} in argv can be read by all users"},
		{"session", `pam: {service: login, user: "{{session}}"}`, "{{session}} in argv can be read by all users"},
		{"session", `command: {argv: [x, "{{session}}"], secrets_in_arguments: true}`, ""},
	} {
		text := strings.NewReplacer("NAME", c.name, "STEP", c.step).Replace(file)
		o := target.Options{Secret: func(string) ([]byte, error) { return []byte("s3cret"), nil }}
		_, err := target.Parse([]byte(text), o)
		if c.want == "" {
			require.NoError(t, err, text)
			continue
		}
		require.ErrorIs(t, err, target.ErrFile)
		require.ErrorContains(t, err, c.want)
		_, err = target.Parse([]byte(strings.ReplaceAll(strings.Replace(text, "NAME", "session", 1), "{key: k}", "{code: k}")), o)
		require.ErrorContains(t, err, "secrets: {{code}} has another meaning")
	}
}
