// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
	"github.com/d204ef64/fob/conform/target"
)

// TestReportsHaveNoSecrets: a server that repeats its key and the session in every answer does
// not get them into a report, in any form. The case still sees the whole answer.
func TestReportsHaveNoSecrets(t *testing.T) {
	const key = `api+key/is "x`
	letter := func(r rune) rune { // digits become letters, because C43 may mask numbers
		if r < 'A' {
			return r + 'A'
		}
		return r
	}
	var mu sync.Mutex
	var sessions []string
	inner := mutant.New("C43").Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/session" {
			mu.Lock()
			defer mu.Unlock()
			sessions = append(sessions, strings.Map(letter, rand.Text()))
			fmt.Fprint(w, sessions[len(sessions)-1])
			return
		}
		inner.ServeHTTP(w, r)
		quoted, _ := json.Marshal(r.Header.Get("Key"))
		fmt.Fprintln(w, r.Header.Get("Key"), strings.ToUpper(r.Header.Get("Key")), string(quoted), url.QueryEscape(r.Header.Get("Key")),
			base64.StdEncoding.EncodeToString([]byte(r.Header.Get("Key"))), r.Header.Get("Session"), strings.ToLower(r.Header.Get("Session")))
	}))
	defer server.Close()
	text := strings.NewReplacer(
		"http://127.0.0.1:8080", server.URL+"\nsecrets: {key: k}\nheaders: {Key: '{{key}}'}",
		"check: &check\n  http: {path: /check,", "check: &check\n  before: [{http: {path: /session}, save: {session: {body: '(.*)'}}}]\n  http: {path: /check, headers: {Session: '{{session}}'},",
		"check_other:\n  <<: *check\n", "check_other:\n  accepted: {json: {/answer: accepted}}\n  refused: {json: {/answer: refused}}\n",
		"resync:\n  <<: *check\n", "resync:\n  accepted: {json: {/answer: accepted}}\n  refused: {json: {/answer: refused}}\n",
	).Replace(mutantFile(t))
	f, err := target.Parse([]byte(text), target.Options{Secret: func(string) ([]byte, error) { return []byte(key), nil }})
	require.NoError(t, err)
	o, err := f.Open(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, o.Close()) }()
	a, err := o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}})
	require.NoError(t, err)
	require.Contains(t, a.Text, key)
	require.Contains(t, a.Text, sessions[0])
	require.Equal(t, 2, strings.Count(o.Target.Redact(a.Text), "{{session}}"))
	cases, err := conform.Select(conform.Selection{IDs: []string{"C43"}})
	require.NoError(t, err)
	report, err := conform.Run(t.Context(), o.Target, conform.Options{Seed: 1, Cases: cases})
	require.NoError(t, err)
	require.Equal(t, conform.Fail, report.Results[0].Outcome)
	require.Contains(t, report.Results[0].Detail, "{{key}}")
	all := strings.ToLower(fmt.Sprintf("%+v", report))
	for _, secret := range append(sessions, key, url.QueryEscape(key), base64.StdEncoding.EncodeToString([]byte(key)), `api+key/is \"x`) {
		require.NotContains(t, all, strings.ToLower(strings.TrimRight(secret, "=")))
	}
}

// TestRunErrorsHaveNoSecrets: neither has the error of a run that does not begin.
func TestRunErrorsHaveNoSecrets(t *testing.T) {
	target := mutant.New("").Target()
	add := target.Import
	target.Redact = func(text string) string { return strings.ReplaceAll(text, "s3cret", "[key]") }
	for _, wrap := range []error{errors.New("broken"), conform.ErrUnreachable} {
		var seed string
		target.Import = func(ctx context.Context, token *conform.Token) error {
			seed = fmt.Sprintf("%X", token.Seed.Bytes())
			return fmt.Errorf("%w: s3cret %s", wrap, seed)
		}
		_, err := conform.Run(t.Context(), target, conform.Options{})
		require.ErrorIs(t, err, wrap)
		require.ErrorContains(t, err, "[key] [seed]")
		_, err = conform.Probe(t.Context(), target)
		require.ErrorContains(t, err, "[key] [seed]")
		require.NotContains(t, err.Error(), seed)
	}
	target.Import = add
	var code string
	target.Check = func(_ context.Context, a conform.Attempt) (conform.Answer, error) {
		code = a.Code
		return conform.Answer{}, fmt.Errorf("s3cret: no answer to code=%s", a.Code)
	}
	_, err := conform.Run(t.Context(), target, conform.Options{})
	require.ErrorContains(t, err, "[key]: no answer to code=[code]")
	require.NotContains(t, err.Error(), code)
}

// TestHandHasNoSecretArguments: commands by hand have no secret and no saved value in the
// arguments of a program, which all users of the machine can read.
func TestHandHasNoSecretArguments(t *testing.T) {
	f, err := target.Parse([]byte(`
name: x
url: http://127.0.0.1:1
secrets: {key: api.key}
setup: [{file: {path: "{{dir}}/x"}}]
import: {command: {argv: [add, "{{serial}}"], env: {APIKEY: "{{key}}", A: b}, dir: "{{dir}}"}}
remove: {command: {argv: [remove], env: {APIKEY: "{{key}}"}, stdin: "{{serial}}"}}
check:
  before: [{http: {path: /}, save: {session: {json: /session}}}]
  http: {path: "/{{session}}", headers: {Authorization: "Bearer {{session}}"}, form: {code: "{{code}}"}}
  accepted: {status: 200}
  refused: {status: 401}
`), target.Options{Secret: func(string) ([]byte, error) { return []byte("topsecret"), nil }})
	require.NoError(t, err)
	o, err := f.Open(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, o.Close()) }()
	do := func(v conform.Verb) string {
		lines := o.Target.ByHand.Do(v, map[string][]conform.Piece{"serial": {{Text: "1"}}, "code": {{Text: "2"}}})
		return lines[len(lines)-1]
	}
	require.Equal(t, `(cd "$DIR" && A=b APIKEY="$(cat api.key)" exec add 1)`, do(conform.VerbImport))
	require.Equal(t, `printf %s 1 | APIKEY="$(cat api.key)" remove`, do(conform.VerbRemove))
	before, after, piped := strings.Cut(do(conform.VerbCheck), " | curl ")
	require.True(t, piped)
	require.True(t, strings.HasPrefix(before, "printf "), before) // of the shell itself
	require.Contains(t, before, "Authorization: Bearer ")
	require.Equal(t, 2, strings.Count(before, "$session"), before)
	require.NotContains(t, after, "session")
}
