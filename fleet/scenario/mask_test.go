// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet/scenario"
)

// TestURLSecrets: no error repeats the user name and the password of an address.
func TestURLSecrets(t *testing.T) {
	for url, want := range map[string]string{
		"http://jo:sesame@127.0.0.1:1/a@b":            "http://***@127.0.0.1:1/a@b: dial tcp 127.0.0.1:1",
		"http://sesame@127.0.0.1:1/?x=@":              "http://***@127.0.0.1:1/?x=@: dial tcp",
		"http://jo:sesame@127.0.0.1:1?x@y":            "http://***@127.0.0.1:1?x@y: dial tcp",
		"http://jo:sesame@127.0.0.1:1/${world_seed}/": "http://***@127.0.0.1:1/${world_seed}/: dial tcp",
		"http://127.0.0.1:1/a@b":                      "GET http://127.0.0.1:1/a@b: dial tcp",
		"http://jo:${world_seed}sesame@[::1/":         "url: http://***@[::1/ is not an address",
	} {
		r := do(t, head+"- http: {url: '"+url+"'}\n", scenario.Options{}, false)
		require.ErrorContains(t, r.Err, want)
		require.NotContains(t, r.Err.Error(), "sesame")
	}
	for url, want := range map[string]string{
		"ftp://jo:sesame@host/":        "url: ftp://***@host/ is not an address",
		"jo:sesame@host":               "url: ***@host is not an address",
		"http://jo:ses/ame@host:port/": "url: http://***@host:port/ is not an address",
		"http://jo:sesame@ho st/":      "url: http://***@ho st/ is not an address",
		"ldap://jo:sesame@${dir}":      "url: ldap://***@${dir} is not an address",
	} {
		_, err := scenario.Parse("test.yaml", []byte(head+"- http: {url: '"+url+"'}\n"))
		require.ErrorContains(t, err, want)
		require.NotRegexp(t, "sesame|ses/ame", err.Error())
	}
}

// TestSecretsOfSteps: the credentials of a request, and the password of a port that a step
// sends, are in no failure and in no file of it, also if the server repeats them.
func TestSecretsOfSteps(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		user, password, _ := r.BasicAuth()
		io.WriteString(w, "no entry for "+user+" with "+password+" or "+r.Header.Get("Authorization"))
	}))
	defer server.Close()
	for step, want := range map[string]string{
		"- http: {url: '" + strings.Replace(server.URL, "http://", "http://jo:open-sesame@", 1) + "'}":                "no entry for jo with *** or Basic ***",
		"- http: {url: '" + server.URL + "', headers: {Authorization: 'Bearer open-sesame'}}":                         "or ***",
		"- http: {url: '" + server.URL + "', headers: {authorization: 'Basic am86b3Blbi1zZXNhbWU='}}":                 "no entry for jo with *** or ***",
		"- new:\n- attach:\n- send: {line: 'token open-sesame'}\n- exec: {run: [sh, -c, 'echo open-sesame; exit 1']}": "***",
	} {
		dir := filepath.Join(t.TempDir(), "artifacts")
		r := do(t, head+step+"\n", scenario.Options{Artifacts: dir}, true)
		require.ErrorContains(t, r.Err, want)
		found := []string{r.Err.Error()}
		require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			found = append(found, string(b))
			return err
		}))
		require.Greater(t, len(found), 2)
		for _, text := range found {
			require.NotContains(t, text, "open-sesame")
			require.NotContains(t, text, "am86b3Blbi1zZXNhbWU=") // jo:open-sesame in base64
		}
	}
}
