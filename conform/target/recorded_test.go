// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/target"
)

// The codes of recorded answers.
const (
	goodCode = "111111"
	badCode  = "222222"
	lateCode = "333333" // of a token that is out of use
)

// openRecorded opens a preset whose server gives recorded answers: bodies by method, path and
// code, such as "POST /check 111111", with the status before them if it is not 200.
func openRecorded(t *testing.T, preset string, answers map[string]string) *conform.Target {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := answers[strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.FormValue("pass")+r.FormValue("otp1")+r.FormValue("totp")+r.FormValue("otp"))]
		if !ok {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		status := http.StatusOK
		if n, _ := fmt.Sscanf(text, "%d ", &status); n == 1 {
			text = text[4:]
		}
		for head, body, more := strings.Cut(text, "\n"); more; head, body, more = strings.Cut(text, "\n") { // headers
			name, value, _ := strings.Cut(head, ": ")
			w.Header().Add(name, value)
			text = body
		}
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}))
	t.Cleanup(server.Close)
	text, err := target.Preset(preset)
	require.NoError(t, err)
	f, err := target.Parse(text, target.Options{
		URL: server.URL, Read: target.PresetFile, Secret: func(string) ([]byte, error) { return []byte("pw\n"), nil },
	})
	require.NoError(t, err)
	return opened(t, f).Target
}

func opened(t *testing.T, f *target.File) *target.Open {
	t.Helper()
	o, err := f.Open(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, o.Close()) })
	return o
}

// judge submits the codes to a verb.
func judge(t *testing.T, do func(code string) (conform.Answer, error), want map[string]conform.Verdict) {
	t.Helper()
	for code, verdict := range want {
		a, err := do(code)
		require.NoError(t, err)
		require.Equal(t, verdict, a.Verdict, "%s: %s", code, a.Text)
	}
}

// drive calls the verbs that all these presets have.
func drive(t *testing.T, c *conform.Target, want map[string]conform.Verdict) conform.Status {
	t.Helper()
	token := &conform.Token{Serial: "T1", User: "u1", Digits: 6, Period: 60}
	require.NoError(t, c.Import(t.Context(), token))
	judge(t, func(code string) (conform.Answer, error) {
		return c.Check(t.Context(), conform.Attempt{Token: token, User: "u1", Code: code})
	}, want)
	require.NoError(t, c.Unlock(t.Context(), token))
	require.NoError(t, c.Revoke(t.Context(), token))
	require.NoError(t, c.Remove(t.Context(), token))
	s, err := c.Status(t.Context(), token)
	require.NoError(t, err)
	return s
}

// TestPrivacyIDEA: the preset reads answers that privacyIDEA 3.11.5 gave on 2026-11-30, here
// without the fields that it does not read.
func TestPrivacyIDEA(t *testing.T) {
	c := openRecorded(t, "privacyidea", map[string]string{
		"POST /auth":                   `{"result":{"status":true,"value":{"token":"abc"}},"versionnumber":"3.11.5"}`,
		"POST /token/init":             `{"result":{"status":true,"value":true}}`,
		"POST /validate/check 111111":  `{"detail": {"type": "totp"}, "result": {"authentication": "ACCEPT", "status": true, "value": true}}`,
		"POST /validate/check 222222":  `{"detail": {"type": "totp"}, "result": {"authentication": "REJECT", "status": true, "value": false}}`,
		"POST /validate/check 333333":  `400 {"detail":null,"result":{"error":{"code":1007},"status":false}}`,
		"POST /validate/check 444444":  `500 {"detail":null,"result":{"error":{"code":-500},"status":false}}`,
		"POST /validate/check 555555":  `404 {"detail":null,"result":{"error":{"code":601},"status":false}}`,
		"POST /validate/check 666666":  `{"result":{"status":true}}`, // not recorded
		"POST /token/resync/T1 111111": `{"result":{"status":true,"value":true}}`,
		"POST /token/resync/T1 222222": `{"result":{"status":true,"value":false}}`,
		"POST /token/reset/T1":         `{"result":{"status":true,"value":1}}`,
		"POST /token/revoke/T1":        `{"result":{"status":true,"value":1}}`,
		"DELETE /token/T1":             `{"result":{"status":true,"value":1}}`,
		"GET /token/":                  `{"result":{"value":{"count":1,"tokens":[{"active":true,"failcount":10,"info":{"timeShift":"-39.0","timeStep":"60"},"maxfail":10}]}}}`,
	})
	require.Equal(t, "3.11.5", c.Version)
	s := drive(t, c, map[string]conform.Verdict{
		goodCode: conform.Accepted, badCode: conform.Refused, lateCode: conform.Refused, "444444": conform.Limited,
		"555555": conform.Refused, "666666": conform.Undescribed,
	})
	require.True(t, *s.Locked)
	require.Equal(t, int64(10), *s.Failed)
	require.InDelta(t, -39.0/60, *s.Drift, 1e-9)
	resync(t, c)
}

// TestNewSession: a verb can begin like a new browser, which sends Secure cookies to this
// machine over http too. A step of setup may have an answer of its own that is done.
func TestNewSession(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := r.Cookie("session")
		switch {
		case r.URL.Path == "/old":
			w.WriteHeader(http.StatusNotFound)
		case r.URL.Path == "/form" && err == nil:
			fmt.Fprint(w, "you are logged in")
		case r.URL.Path == "/form":
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", Path: "/", Secure: true})
			fmt.Fprint(w, "form 7")
		case err != nil:
			fmt.Fprint(w, "no session")
		case r.FormValue("code") == goodCode:
			fmt.Fprint(w, "welcome")
		default:
			fmt.Fprint(w, "wrong")
		}
	}))
	defer server.Close()
	text := `
name: browser
url: ` + server.URL + `
setup:
  - http: {path: /old, method: DELETE}
    accepted: {status: 404}
  - http: {path: /form}
import: {http: {path: /other}}
check:
  new_session: true
  before: [{http: {path: /form}, save: {form: {body: 'form ([0-9])'}}}]
  http: {path: "/login/{{form}}", form: {code: "{{code}}"}}
  accepted: {body: welcome}
  refused: {body: wrong}
`
	c := open(t, text).Target
	check := func(code string) (conform.Answer, error) {
		return c.Check(t.Context(), conform.Attempt{Token: &conform.Token{}, Code: code})
	}
	for range 2 {
		judge(t, check, map[string]conform.Verdict{goodCode: conform.Accepted, badCode: conform.Refused})
	}
	c = open(t, strings.Replace(text, "new_session: true", "", 1)).Target
	_, err := check(goodCode)
	require.ErrorContains(t, err, "form is not in the answer: status 200 you are logged in")
	for _, wrong := range []string{"accepted: {status: 200}", "accepted: {body: '('}"} {
		f, err := target.Parse([]byte(strings.Replace(text, "accepted: {status: 404}", wrong, 1)), target.Options{})
		if err == nil {
			_, err = f.Open(t.Context())
		}
		require.ErrorContains(t, err, "step 1: ", wrong)
	}
	_, err = target.Parse([]byte("name: x\nimport: {file: {path: x}}\ncheck: {command: {argv: [x], stdin: '{{code}}'}, accepted: {exit: 0}, refused: {exit: 1}}\n"), target.Options{URL: server.URL})
	require.ErrorContains(t, err, "no url to replace")
}

// TestLoginAfterRestart: a server that forgets sessions gets a new login.
func TestLoginAfterRestart(t *testing.T) {
	var session atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch now := fmt.Sprint(session.Load()); {
		case r.URL.Path == "/restart":
			session.Add(1)
		case r.URL.Path == "/login":
			fmt.Fprintf(w, `{"session": %q}`, now)
		case r.Header.Get("Session") != now:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	text := `
name: sessions
url: ` + server.URL + `
headers: {Session: "{{session}}"}
setup:
  - &login
    http: {path: /login}
    save: {session: {json: /session}}
import: {http: {path: /import}}
check: {http: {path: /check, body: "{{code}}"}, accepted: {status: 200}, refused: {status: 400}}
restart: {http: {path: /restart}, after: [*login]}
`
	token := &conform.Token{}
	c := open(t, text).Target
	for range 2 {
		require.NoError(t, c.Import(t.Context(), token))
		require.NoError(t, c.Restart(t.Context()))
	}
	require.NoError(t, c.Import(t.Context(), token))
	c = open(t, strings.Replace(text, ", after: [*login]", "", 1)).Target
	require.NoError(t, c.Restart(t.Context()))
	require.ErrorIs(t, c.Import(t.Context(), token), conform.ErrRefused)
}

func resync(t *testing.T, c *conform.Target) {
	t.Helper()
	token := &conform.Token{Serial: "T1"}
	judge(t, func(code string) (conform.Answer, error) {
		return c.Resync(t.Context(), conform.Attempt{Token: token, Code: code, Second: "0"})
	}, map[string]conform.Verdict{goodCode: conform.Accepted, badCode: conform.Refused})
}

// TestLinOTP: the preset reads answers that LinOTP 3.4.4 gave on 2026-11-30, here without
// the fields that it does not read.
func TestLinOTP(t *testing.T) {
	const yes, no, one = `{"result": {"status": true, "value": true}}`, `{"result": {"status": true, "value": false}}`, `{"result": {"status": true, "value": 1}}`
	c := openRecorded(t, "linotp", map[string]string{
		"POST /admin/login": "Set-Cookie: access_token_cookie=a; HttpOnly; Path=/\nSet-Cookie: csrf_access_token=13c33929; Path=/\n" +
			`{"versionNumber": "3.4.4", "result": {"status": true, "value": true}}`,
		"POST /admin/init":              yes,
		"POST /validate/check_s 111111": yes,
		"POST /validate/check_s 222222": no,
		"POST /validate/check_s 333333": `{"result": {"status": false, "error": {"code": 1112}}}`,
		"POST /admin/resync 111111":     yes,
		"POST /admin/resync 222222":     no,
		"POST /admin/reset":             one,
		"POST /admin/disable":           one,
		"POST /admin/remove":            one,
		"GET /api/v2/tokens/T1":         `{"result": {"status": true, "value": {"tokenConfiguration": {"timeShift": 660.2280197143555, "timeStep": "60"}, "usageData": {"failedLoginAttempts": 3, "maxFailedLoginAttempts": 10}}}}`,
	})
	require.Equal(t, "3.4.4", c.Version)
	require.Equal(t, 10, c.Limits.Parallel)
	require.Contains(t, strings.Join(c.ByHand.Begin, "\n"), `csrf=$(tr -d '\r' < "$OWN"/answer | sed -n 's/^Set-Cookie: csrf_access_token=\([^;]*\).*/\1/Ip')`)
	s := drive(t, c, map[string]conform.Verdict{goodCode: conform.Accepted, badCode: conform.Refused, lateCode: conform.Undescribed})
	require.False(t, *s.Locked)
	require.Equal(t, int64(3), *s.Failed)
	require.InDelta(t, 11.0, *s.Drift, 0.01)
	resync(t, c)
}

// TestKeycloak: the preset drives the API and the login page as Keycloak's documentation
// describes them. The answers are not recorded.
func TestKeycloak(t *testing.T) {
	const realm, form = "/admin/realms/fob-conform", `<form action="http://x/login-actions/authenticate?session_code=s-1&amp;execution=e-1&amp;client_id=fob-conform&amp;tab_id=t1">`
	c := openRecorded(t, "keycloak", map[string]string{
		"POST /realms/master/protocol/openid-connect/token":             `{"access_token":"abc"}`,
		"GET /admin/serverinfo":                                         `{"systemInfo":{"version":"26.0.0"}}`,
		"DELETE " + realm:                                               `404 {"error":"Realm not found."}`,
		"POST /admin/realms":                                            "201 ",
		"POST " + realm + "/users":                                      "201 ",
		"GET " + realm + "/users":                                       `[{"id":"7-7"}]`,
		"PUT " + realm + "/users/7-7":                                   "204 ",
		"DELETE " + realm + "/users/7-7":                                "204 ",
		"DELETE " + realm + "/attack-detection/brute-force/users/7-7":   "204 ",
		"GET " + realm + "/attack-detection/brute-force/users/7-7":      `{"numFailures":5,"disabled":true}`,
		"POST /realms/fob-conform/protocol/openid-connect/token 111111": `{"access_token":"xyz"}`,
		"POST /realms/fob-conform/protocol/openid-connect/token 222222": `401 {"error":"invalid_grant"}`,
		"POST /realms/fob-conform/protocol/openid-connect/token 333333": `400 {"error":"invalid_grant"}`,
		"GET /realms/fob-conform/protocol/openid-connect/auth":          "Set-Cookie: AUTH_SESSION_ID=1; Path=/; Secure\n" + form,
		"POST /realms/fob-conform/login-actions/authenticate":           form,
		"POST /realms/fob-conform/login-actions/authenticate 111111":    "302 Location: http://127.0.0.1/done?code=1\n",
		"POST /realms/fob-conform/login-actions/authenticate 222222":    form,
	})
	require.Equal(t, "26.0.0", c.Version)
	require.Contains(t, strings.Join(c.ByHand.Do(conform.VerbRemove, nil), "\n"), `jq -r '.[0]["id"]'`)
	require.Equal(t, `OWN=$(mktemp -d "$DIR"/XXXXXX)`, c.ByHand.Do(conform.VerbCheckOther, nil)[0])
	s := drive(t, c, map[string]conform.Verdict{goodCode: conform.Accepted, badCode: conform.Refused, lateCode: conform.Refused})
	require.True(t, *s.Locked)
	require.Equal(t, int64(5), *s.Failed)
	judge(t, func(code string) (conform.Answer, error) {
		return c.CheckOther(t.Context(), conform.Attempt{Token: &conform.Token{}, User: "u1", Code: code})
	}, map[string]conform.Verdict{goodCode: conform.Accepted, badCode: conform.Refused})
}

// TestMultiOTP: the preset reads the exit codes and messages of multiOTP 5.9.8.0. A script
// gives them as they were on 2026-11-30.
func TestMultiOTP(t *testing.T) {
	dir := t.TempDir()
	script := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o700)) //nolint:gosec // a program
	}
	script("php", "")
	script("faketime", `[ "$1 $2" = "-f 1775012420" ] && shift 2 && exec "$@"`)
	script("multiotp", `
say() { echo "Reply-Message := \"ERROR: $2\""; exit "$1"; }
code=$PAM_AUTHTOK
case $1 in
-version) echo "multiOTP 5.9.8.0 (2024-08-26) [CLI]"; exit 19;;
-import-csv) grep -q '^T1;fob;TOTP;.*;6;60$' "$2" && exit 15; say 31 "Tokens definition file doesn't exist";;
-create) exit 11;;
-checkpam) grep -q EGPCS "${PHP_INI_SCAN_DIR#:}/env.ini" || exit 1;;
-resync) code=$3;;
-user-info) echo " Locked: yes"; exit 19;;
*) exit 19;;
esac
case $1$code in
*resync111111) exit 14;;
*resync222222) say 27 "Resynchronization of the token has failed";;
*111111) exit 0;;
*222222) say 99 "Authentication failed (and other possible unknown errors)";;
*333333) say 38 "User is desactivated";;
*444444) say 24 "User locked (too many tries)";;
*555555) say 25 "User delayed (too many tries, but still a hope in a few minutes)";;
*666666) say 26 "This token has already been used";;
*) say 28 "Unable to write the changes in the file";;
esac
`)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	text, err := target.Preset("multiotp")
	require.NoError(t, err)
	o := open(t, string(text))
	c := o.Target
	require.Equal(t, "5.9.8.0", c.Version)
	require.NoError(t, c.SetClock(t.Context(), time.Unix(1775012420, 0)))
	s := drive(t, c, map[string]conform.Verdict{
		goodCode: conform.Accepted, badCode: conform.Refused, lateCode: conform.Refused, "444444": conform.Refused,
		"555555": conform.Refused, "666666": conform.Refused, "777777": conform.Undescribed,
	})
	require.True(t, *s.Locked)
	resync(t, c)
}
