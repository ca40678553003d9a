// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
	"github.com/d204ef64/fob/conform/target"
	"github.com/d204ef64/fob/token"
)

var update = flag.Bool("update", false, "write the schema")

// mutantFile describes the HTTP interface of package mutant.
func mutantFile(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "mutant.yaml"))
	require.NoError(t, err)
	return string(text)
}

func open(t *testing.T, text string) *target.Open {
	t.Helper()
	f, err := target.Parse([]byte(text), target.Options{})
	require.NoError(t, err)
	o, err := f.Open(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, o.Close()) })
	return o
}

// TestHTTP: over HTTP, the cases have the same outcomes as in this process.
func TestHTTP(t *testing.T) {
	for _, fault := range []string{"", "C14", "C15", "C40", "C43"} {
		t.Run("mutant "+fault, func(t *testing.T) {
			server := httptest.NewServer(mutant.New(fault).Handler())
			defer server.Close()
			o := open(t, strings.ReplaceAll(mutantFile(t), "http://127.0.0.1:8080", server.URL))
			report, err := conform.Run(t.Context(), o.Target, conform.Options{Seed: 1})
			require.NoError(t, err)
			inProcess, err := conform.Run(t.Context(), mutant.New(fault).Target(), conform.Options{Seed: 1})
			require.NoError(t, err)
			for i, r := range report.Results {
				require.Equal(t, inProcess.Results[i].Outcome, r.Outcome, "%s: %s", r.ID, r.Detail)
			}
		})
	}
}

// TestEntries: entries with quotes, control characters and other scripts arrive as they
// are, in JSON, forms, paths, queries and standard input.
func TestEntries(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/import" {
			return
		}
		var in struct{ Code string }
		switch {
		case strings.HasPrefix(r.URL.Path, "/path/"):
			in.Code = strings.TrimPrefix(r.URL.Path, "/path/")
		case strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
			require.NoError(t, jsonBody(r, &in))
		default:
			in.Code = r.FormValue("code")
		}
		got = append(got, in.Code)
		fmt.Fprint(w, "no")
	}))
	defer server.Close()
	for _, check := range []string{
		`http: {path: /json, body: '{"code":"{{code}}"}'}`, `http: {path: /form, form: {code: "{{code}}"}}`,
		`http: {path: "/query?code={{code}}"}`, `http: {path: "/path/{{code}}"}`,
		`http: {path: /body, headers: {Content-Type: application/x-www-form-urlencoded}, body: "code={{code}}"}`,
	} {
		o := open(t, "name: x\nurl: "+server.URL+"\nimport: {http: {path: /import}}\ncheck:\n  "+check+"\n  accepted: {body: ok}\n  refused: {body: no}\n")
		for _, code := range []string{"123456", " 1\t2\r\n", `"'\<&>`, "１２３", "+12 3", "a/b?c=d&e#f%20", "\x001", "{{serial}}"} {
			a, err := o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}, Code: code})
			require.NoError(t, err)
			require.Equal(t, conform.Refused, a.Verdict)
			require.Equal(t, code, got[len(got)-1], check)
		}
	}
}

func TestVerdicts(t *testing.T) {
	const head = "name: x\nurl: URL\nimport: {http: {path: /}}\n"
	for _, c := range []struct {
		check, body string
		status      int
		want        conform.Verdict
	}{
		{`accepted: {json: {/a/0/b: "true"}}, refused: {body: "no"}`, `{"a":[{"b":true}]}`, 200, conform.Accepted},
		{`accepted: {json: {/a/0/b: "true"}}, refused: {body: "no"}`, `{"a":"no"}`, 200, conform.Refused},
		{`accepted: {json: {/a/0/b: "true"}}, refused: {body: "no"}`, `{}`, 200, conform.Undescribed},
		{`accepted: {status: 200, body: "^yes$"}, refused: {status: 200}`, `yes`, 200, conform.Accepted},
		{`accepted: {status: 200, body: "^yes$"}, refused: {status: 200}`, `yes?`, 200, conform.Refused},
		{`accepted: {status: 302}, refused: {status: 401}, next_code: {body: next}`, `next`, 200, conform.NextCode},
		{`accepted: {status: 302}, refused: {status: 401}`, ``, 302, conform.Accepted},
		{`accepted: {status: 302}, refused: {status: 401}`, ``, 500, conform.Trouble},
		{`accepted: {status: 302}, refused: {status: 401}`, ``, 423, conform.Undescribed},
		{`accepted: {status: 302}, refused: {status: 401}`, ``, 429, conform.Limited},
		{`accepted: {status: 302}, refused: {status: 401}, limited: {body: slow}`, `slow`, 503, conform.Limited},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(c.status)
			fmt.Fprint(w, c.body)
		}))
		o := open(t, strings.ReplaceAll(head, "URL", server.URL)+"check: {http: {path: /, body: '{{code}}'}, "+c.check+"}\n")
		a, err := o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}})
		require.NoError(t, err)
		require.Equal(t, c.want, a.Verdict, c)
		if c.want == conform.Limited {
			require.Equal(t, 7*time.Second, a.RetryAfter)
		}
		server.Close()
		_, err = o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}})
		require.ErrorIs(t, err, conform.ErrUnreachable)
		require.NotContains(t, err.Error(), server.URL)
	}
}

// TestForm: a page with a session and a token against CSRF can be driven.
func TestForm(t *testing.T) {
	page := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, err := r.Cookie("session")
		switch {
		case r.URL.Path == "/login" && r.FormValue("password") == "s3cret":
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "7"})
			http.Redirect(w, r, "/", http.StatusSeeOther)
		case err != nil || session.Value != "7":
			w.WriteHeader(http.StatusUnauthorized)
		case r.Method == http.MethodGet:
			page++
			fmt.Fprintf(w, `<input name="csrf" value="token-%d">`, page)
		case r.FormValue("csrf") != fmt.Sprintf("token-%d", page):
			w.WriteHeader(http.StatusForbidden)
		case r.FormValue("code") == "123456":
			fmt.Fprint(w, "welcome")
		default:
			fmt.Fprint(w, "wrong code")
		}
	}))
	defer server.Close()
	f, err := target.Parse([]byte(`
name: pages
version: "2.{{minor}}"
url: `+server.URL+`
secrets: {password: admin.pw}
setup:
  - http: {path: /login, form: {password: "{{password}}"}}
    save: {minor: {header: Location}}
import: {http: {path: /}}
check:
  before:
    - http: {path: /}
      save: {csrf: {body: 'name="csrf" value="([^"]*)"'}}
  http: {path: /, form: {csrf: "{{csrf}}", code: "{{code}}"}}
  accepted: {body: welcome}
  refused: {body: wrong code}
`), target.Options{Secret: func(path string) ([]byte, error) {
		require.Equal(t, "admin.pw", path)
		return []byte("s3cret\n"), nil
	}})
	require.NoError(t, err)
	o, err := f.Open(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, o.Close()) }()
	require.Equal(t, "2./", o.Target.Version)
	for code, want := range map[string]conform.Verdict{"123456": conform.Accepted, "123457": conform.Refused} {
		a, err := o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}, Code: code})
		require.NoError(t, err)
		require.Equal(t, want, a.Verdict, a.Text)
	}
}

// TestFiles: mistakes of a file are found before anything is sent.
func TestFiles(t *testing.T) {
	const good = "name: x\nurl: http://127.0.0.1:1\nimport: {http: {path: /}}\ncheck: {http: {path: '/{{code}}'}, accepted: {status: 200}, refused: {status: 401}}\n"
	_, err := target.Parse([]byte(good), target.Options{})
	require.NoError(t, err)
	for old, c := range map[string]struct{ with, want string }{
		"name: x\n":                 {"name: x\nversion: \"{{code}}\"\n", "version: {{code}}: want a value that setup saves"},
		"name: x":                   {"nam: x", "did you mean name?"},
		"import":                    {"#", "import and check are required"},
		"http://127.0.0.1:1":        {"http://bank.example", "bank.example is not a loopback address: use https, or set insecure_http"},
		"127.0.0.1:1":               {"u:pw@127.0.0.1:1", "want http://HOST or https://HOST"},
		"{{code}}":                  {"{{serial}}", "check: {{code}} is missing"},
		"/{{code}}":                 {"/{{code}}/{{otp}}", "unknown placeholder {{otp}}"},
		", refused: {status: 401}":  {"", "accepted and refused are required"},
		"status: 200":               {"body: '('", "error parsing regexp"},
		"{status: 200}":             {"{json: {a: b}}", "not a JSON pointer"},
		"http: {path: '/{{code}}'}": {"command: {argv: [x, '{{code}}']}", "can be read by all users"},
		"url: http":                 {"secrets: {key: k}\nurl: http", "secrets cannot be read here"},
		"{http: {path: /}}":         {"{http: {path: /}, file: {path: /x}}", "want one of http, command, file, radius and pam"},
		"/}}\n":                     {"/, basic: {user: 'a:b', password: '{{random}}'}}}\n", "import: http: basic: user: want a name without a colon"},
		"name: x\nu":                {"name: x\nbasic: {user: a, password: secret}\nu", "basic: password: want {{NAME}} of secrets"},
		"x\nurl":                    {"x\nbasic: {user: a, password: '{{kei}}'}\nurl", "basic: unknown placeholder {{kei}}"},
		"0.1:1\n":                   {"0.1:1\nheaders: {authorization: x}\nbasic: {user: a, password: '{{random}}'}\n", "basic excludes the header Authorization"},
	} {
		require.Contains(t, good, old)
		_, err := target.Parse([]byte(strings.Replace(good, old, c.with, 1)), target.Options{})
		require.ErrorIs(t, err, target.ErrFile, old)
		require.ErrorContains(t, err, c.want, old)
		require.NotContains(t, err.Error(), "u:pw")
	}
	for field, want := range map[string]string{
		"limits: {parallel: -1}": "parallel: -1: want 1 to 10000", "limits: {tokens: -1}": "tokens: -1: want at least 1",
		"limits: {period: -60}": "period: -60: want 1 to 86400", "declares: {window: -1}": "window: -1: want 0 to 1000",
		"declares: {lockout: 100000000}": "lockout: 100000000: want 1 to 1000", "declares: {lockout: -5}": "lockout: -5: want 1 to 1000",
		"declares: {fee: -1}": "fee: -1: want at least 0",
	} {
		_, err := target.Parse([]byte(good+field+"\n"), target.Options{})
		require.ErrorIs(t, err, target.ErrFile, field)
		require.ErrorContains(t, err, want)
	}
	for path, want := range map[string]string{
		"/sso?code={{code}}&next=https://bank.example/": "", "sso/http://bank.example/{{code}}": "",
		"http://127.0.0.1:2/{{code}}": "", "http://bank.example/{{code}}": "bank.example is not a loopback address",
	} {
		_, err := target.Parse([]byte(strings.Replace(good, "/{{code}}", path, 1)), target.Options{})
		if want == "" {
			require.NoError(t, err, path)
			continue
		}
		require.ErrorContains(t, err, want)
	}
}

// TestCommand: programs get codes over stdin, and answer with exit codes and output.
func TestCommand(t *testing.T) {
	o := open(t, `
name: program
setup:
  - file: {path: "{{dir}}/users", text: "start\n"}
import: {file: {path: "{{dir}}/{{user}}", text: "{{seed_hex}}\n"}}
remove: {file: {path: "{{dir}}/{{user}}", remove: true}}
check:
  command:
    argv: [sh, -c, 'read code; test -f "$DIR/users" && case $code in 1*) exit 0;; 2*) echo no; exit 1;; 4) kill -9 $$;; 5) sh -c "kill -11 \$\$"; exit;; *) echo broken; exit 3;; esac']
    stdin: "{{code}}\n"
    env: {DIR: "{{dir}}"}
  accepted: {exit: 0}
  refused: {exit: 1, body: "^no"}
`)
	for code, want := range map[string]conform.Verdict{"1": conform.Accepted, "2": conform.Refused, "3": conform.Undescribed, "5": conform.Trouble} {
		a, err := o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}, Code: code})
		require.NoError(t, err)
		require.Equal(t, want, a.Verdict)
		if want == conform.Undescribed {
			require.Equal(t, "exit code 3 broken", a.Text)
		}
	}
	_, err := o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}, Code: "4"})
	require.ErrorIs(t, err, conform.ErrUnreachable)
	token := &conform.Token{User: "alice"}
	require.NoError(t, o.Target.Import(t.Context(), token))
	require.NoError(t, o.Target.Remove(t.Context(), token))
	o = open(t, "name: x\nimport: {command: {argv: [/does/not/exist]}}\ncheck: {command: {argv: ['true'], stdin: '{{code}}'}, accepted: {exit: 0}, refused: {exit: 1}}\n")
	_, err = conform.Run(context.Background(), o.Target, conform.Options{})
	require.ErrorIs(t, err, conform.ErrUnreachable)
}

// TestSchema checks that the schema in docs matches the Go types. Write it with
// go test ./conform/target -update.
func TestSchema(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "conform.schema.json")
	want, err := target.Schema()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(path, want, 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "go test ./conform/target -update")
}

// TestBasic: a request has its own name and password, or the file's ones, or none. The example
// is the one of RFC 7617, section 2.
func TestBasic(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %q", r.URL.Path, r.Header["Authorization"])
	}))
	defer server.Close()
	f, err := target.Parse([]byte(`
name: x
url: `+server.URL+`
secrets: {password: p, other: o}
basic: {user: Aladdin, password: "{{password}}"}
import: {http: {path: /file}}
unlock: {http: {path: /own, basic: {user: x, password: "{{other}}"}}}
revoke: {http: {path: /none, headers: {authorization: ""}}}
remove: {http: {path: /token, headers: {Authorization: Bearer 7}}}
check: {http: {path: /check, body: "{{code}}"}, accepted: {status: 418}, refused: {status: 403}}
`), target.Options{Secret: func(path string) ([]byte, error) {
		return []byte(map[string]string{"p": "open sesame", "o": "yyyyyyyy"}[path]), nil
	}})
	require.NoError(t, err)
	o, err := f.Open(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, o.Close()) }()
	for _, c := range []struct {
		do   func(context.Context, *conform.Token) error
		want string
	}{
		{o.Target.Import, `/file ["Basic {{user and password}}"]`},
		{o.Target.Unlock, `/own ["Basic {{user and password}}"]`},
		{o.Target.Revoke, `/none []`},
		{o.Target.Remove, `/token ["Bearer 7"]`},
	} {
		require.EqualError(t, c.do(t.Context(), &conform.Token{}), "the target refuses: status 418 "+c.want)
	}
	a, err := o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}, Code: "1"})
	require.NoError(t, err)
	require.Equal(t, `status 418 /check ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]`, a.Text)
}

// TestErrorsHaveNoSecrets: an answer that repeats the secrets of a request does not get them
// into an error.
func TestErrorsHaveNoSecrets(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "wrong: %s %s", r.Header.Get("Authorization"), body)
	}))
	defer server.Close()
	f, err := target.Parse([]byte(`
name: x
url: `+server.URL+`
secrets: {key: api.key}
headers: {Authorization: "Bearer {{key}}"}
import: {http: {path: /, body: '{"seed":"{{seed_hex}}","serial":"{{serial}}"}'}}
check: {http: {path: /, body: "{{code}}"}, accepted: {status: 200}, refused: {status: 403}}
`), target.Options{Secret: func(string) ([]byte, error) { return []byte("topsecret"), nil }})
	require.NoError(t, err)
	o, err := f.Open(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, o.Close()) })
	seed, err := token.NewSeed([]byte("12345678901234567890"))
	require.NoError(t, err)
	err = o.Target.Import(t.Context(), &conform.Token{Serial: "000001000001", Seed: seed, Digits: 6, Period: 60})
	require.EqualError(t, err, `the target refuses: status 400 wrong: Bearer {{key}} {"seed":"{{seed_hex}}","serial":"000001000001"}`)
}

// TestUnread: the status names the places that its answer lacks.
func TestUnread(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"token":{"failures":3,"note":"x"}}`)
	}))
	defer server.Close()
	const file = "name: x\nurl: URL\nimport: {http: {path: /}}\ncheck: {http: {path: '/{{code}}'}, accepted: {status: 200}, refused: {status: 401}}\nstatus: {http: {path: /}, locked: {json: {/token/state: LOCKED}}, failed: {json: /token/failed}, DRIFT}\n"
	for drift, none := range map[string]bool{"drift: {json: /token/note}": false, "expiry: {json: /x}": true} {
		o := open(t, strings.NewReplacer("URL", server.URL, "DRIFT", drift).Replace(file))
		require.Equal(t, none, o.Target.NoDrift)
		s, err := o.Target.Status(t.Context(), &conform.Token{})
		require.NoError(t, err)
		want := map[string]string{"locked": "/token/state", "failed": "/token/failed"}
		if !none {
			want["drift"] = "/token/note"
		}
		require.Equal(t, want, s.Unread)
	}
}
