// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/target"
	"github.com/d204ef64/fob/token"
)

const bankFile = `
name: a bank
url: http://127.0.0.1:8080
import: {http: {path: /import, body: "{{serial}}"}}
check: {http: {path: /check, body: "{{code}}"}, accepted: {status: 200}, refused: {status: 400}}
import_file:
  http: {path: /files, upload: {file@: "{{file_text}}", format: "{{file_format}}", key: "{{file_key}}", password: "{{file_password}}"}}
  refused: {status: 422}
  after:
    - http: {path: "/assign/{{serial}}/{{user}}/{{contract}}"}
contract: {http: {path: "/contracts/{{contract}}"}}
user: {http: {path: "/users/{{user}}/{{role}}/{{contract}}"}}
unlock_as:
  before:
    - http: {path: "/login/{{user}}"}
  http: {path: "/unlock/{{serial}}", body: '{"code":"{{code}}"}'}
  accepted: {status: 200}
  refused: {status: 403}
  paper: {status: 403, body: on paper}
order: {http: {path: "/orders/{{contract}}/{{cause}}/{{returned}}?old={{old}}"}, fee: {json: /fee}, refused: {status: 422}}
notices: {http: {path: /notices}, count: '"serial":"{{serial}}"'}
`

// TestBankVerbs: the verbs of a bank fill in their texts, and read the answers.
func TestBankVerbs(t *testing.T) {
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := r.Method + " " + r.URL.RequestURI()
		if c, err := r.Cookie("session"); err == nil {
			text += " as " + c.Value
		}
		switch {
		case r.URL.Path == "/files":
			file, head, err := r.FormFile("file")
			require.NoError(t, err)
			body, err := io.ReadAll(file)
			require.NoError(t, err)
			text += fmt.Sprintf(" %s=%s format=%s key=%s password=%d", head.Filename, body, r.FormValue("format"), r.FormValue("key"), len(r.MultipartForm.Value["password"]))
			if string(body) == "bad" {
				w.WriteHeader(http.StatusUnprocessableEntity)
			}
		case strings.HasPrefix(r.URL.Path, "/login/"):
			http.SetCookie(w, &http.Cookie{Name: "session", Value: strings.TrimPrefix(r.URL.Path, "/login/"), Path: "/"})
		case strings.HasPrefix(r.URL.Path, "/unlock/"):
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "only on paper")
		case strings.HasPrefix(r.URL.Path, "/orders/"):
			fmt.Fprint(w, `{"fee":2200}`)
		case r.URL.Path == "/notices":
			fmt.Fprint(w, `[{"serial":"1"},{"serial":"12"},{"serial":"1"}]`)
		}
		seen = append(seen, text)
	}))
	defer server.Close()
	bank := open(t, strings.ReplaceAll(bankFile, "http://127.0.0.1:8080", server.URL)).Target
	seed, err := token.NewSeed(make([]byte, 20))
	require.NoError(t, err)
	one := &conform.Token{Serial: "1", User: "ada", Seed: seed, Digits: 6, Period: 60}
	ctx := t.Context()

	require.NoError(t, bank.ImportFile(ctx, &conform.SeedFile{Token: one, Contract: "c", Format: "pskc", Text: []byte("<a/>"), Key: []byte{0x17}}))
	err = bank.ImportFile(ctx, &conform.SeedFile{Token: one, Contract: "c", Format: "pskc", Text: []byte("bad")})
	require.ErrorIs(t, err, conform.ErrRefused)
	require.NoError(t, bank.AddContract(ctx, "c"))
	require.NoError(t, bank.AddUser(ctx, conform.Person{ID: "bob", Contract: "c", Role: conform.Admin}))
	for _, id := range []string{"bob", "eve"} { // each with a session of their own
		a, err := bank.UnlockAs(ctx, conform.Act{Person: conform.Person{ID: id}, Token: one, Code: "123456"})
		require.NoError(t, err)
		require.Equal(t, conform.Refused, a.Verdict)
		require.True(t, a.OnPaper)
	}
	fee, err := bank.Order(ctx, conform.Order{Contract: "c", Cause: "loss", Old: one})
	require.NoError(t, err)
	require.EqualValues(t, 2200, fee)
	n, err := bank.Notices(ctx, one)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Equal(t, []string{
		"POST /files seeds=<a/> format=pskc key=17 password=0", "GET /assign/1/ada/c",
		"POST /files seeds=bad format=pskc key= password=0",
		"GET /contracts/c", "GET /users/bob/admin/c",
		"GET /login/bob", "POST /unlock/1 as bob", "GET /login/eve", "POST /unlock/1 as eve",
		"GET /orders/c/loss/false?old=1", "GET /notices",
	}, seen)
	require.False(t, bank.Has(conform.VerbAudit))
	require.True(t, bank.Has(conform.VerbOrder))
}

// TestWholeAnswer: a case sees a seed in an answer also behind the part that an error prints.
func TestWholeAnswer(t *testing.T) {
	seed, err := token.NewSeed([]byte("12345678901234567890"))
	require.NoError(t, err)
	one := &conform.Token{Serial: "1", User: "ada", Seed: seed, Digits: 6, Period: 60}
	const hexadecimal = "3132333435363738393031323334353637383930"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, hexadecimal, strings.Repeat(" far", 100), " 3132-3334")
	}))
	defer server.Close()
	bank := open(t, strings.ReplaceAll(bankFile, "http://127.0.0.1:8080", server.URL)).Target
	err = bank.ImportFile(t.Context(), &conform.SeedFile{Token: one, Format: "pskc", Text: []byte("<a/>")})
	require.ErrorIs(t, err, conform.ErrRefused)
	require.NotContains(t, err.Error(), hexadecimal)
	require.NotContains(t, err.Error(), "3132-3334")
	var answer *conform.AnswerError
	require.ErrorAs(t, err, &answer)
	require.Contains(t, answer.Full, "status 409 "+hexadecimal)
	require.Contains(t, answer.Full, "3132-3334")
}

// TestLimitedImport: status 429 does not refuse a file.
func TestLimitedImport(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer server.Close()
	bank := open(t, strings.ReplaceAll(bankFile, "http://127.0.0.1:8080", server.URL)).Target
	err := bank.ImportFile(t.Context(), &conform.SeedFile{Token: &conform.Token{Serial: "1"}, Format: "pskc", Text: []byte("<a/>")})
	require.NotErrorIs(t, err, conform.ErrRefused)
	var limited *conform.LimitedError
	require.ErrorAs(t, err, &limited)
	require.Equal(t, 7*time.Second, limited.RetryAfter)
}

// TestBankFile: mistakes in the verbs of a bank are named.
func TestBankFile(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{`count: '"serial":"{{serial}}"'`, `accepted: {status: 200}`, "notices: count is missing"},
		{`count: '"serial":"{{serial}}"'`, `count: '{{role}}'`, "notices: count: unknown placeholder {{role}}"},
		{`fee: {json: /fee}, `, ``, "order: fee is missing"},
		{`{{user}}/{{role}}`, `{{user}}`, "user: {{role}} is missing"},
		{`{status: 403}` + "\n  paper", `{}` + "\n  paper", "unlock_as: accepted and refused are required"},
		{`path: /files,`, `path: /files, body: x,`, "http: form, upload and body exclude each other"},
		{`path: /import,`, `path: "/{{contract}}",`, "import: unknown placeholder {{contract}}"},
	} {
		require.Contains(t, bankFile, c.old)
		_, err := target.Parse([]byte(strings.Replace(bankFile, c.old, c.new, 1)), target.Options{})
		require.ErrorContains(t, err, c.want)
	}
}
