// SPDX-License-Identifier: Apache-2.0

package reqtemplate_test

import (
	"encoding/json"
	"encoding/xml"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/reqtemplate"
)

// TestEscape: a value with all kinds of characters comes back unchanged from a path, a
// query, a form, JSON and XML, read by the standard library.
func TestEscape(t *testing.T) {
	const value = "a/b?c=d&e#f%20\"'<>\\ é\u3000{{code}}"
	v := reqtemplate.Values{"code": value}

	u, err := url.Parse(v.URL("http://127.0.0.1:1/check/{{code}}?again={{code}}&x=1"))
	require.NoError(t, err)
	require.Equal(t, "/check/"+value, u.Path)
	require.Equal(t, value, u.Query().Get("again"))

	form, err := url.ParseQuery(v.Fill("code={{code}}&x=1", reqtemplate.EscapeFor("application/x-www-form-urlencoded")))
	require.NoError(t, err)
	require.Equal(t, url.Values{"code": {value}, "x": {"1"}}, form)

	var fromJSON map[string]string
	require.NoError(t, json.Unmarshal([]byte(v.Fill(`{"code":"{{code}}"}`, reqtemplate.EscapeFor("application/json; charset=utf-8"))), &fromJSON))
	require.Equal(t, map[string]string{"code": value}, fromJSON)

	var fromXML struct {
		Code string `xml:"code"`
	}
	require.NoError(t, xml.Unmarshal([]byte(v.Fill("<a><code>{{code}}</code></a>", reqtemplate.EscapeFor("text/xml"))), &fromXML))
	require.Equal(t, value, fromXML.Code)

	require.Equal(t, value+" and ", v.Fill("{{code}} and {{other}}", reqtemplate.EscapeFor("text/plain")))
}

func TestCheckNames(t *testing.T) {
	require.NoError(t, reqtemplate.CheckNames([]string{"a", "b_1"}, "{{a}}{{b_1}}", "{a} {{A}}"))
	require.EqualError(t, reqtemplate.CheckNames([]string{"a", "b"}, "{{a}}", "{{c}}"), "unknown placeholder {{c}}: want one of a, b")
}

func TestCheckURL(t *testing.T) {
	for _, good := range []string{"http://127.0.0.1:8080/{{code}}", "http://localhost", "https://bank.example/?c={{code}}", "http://[::1]:1/"} {
		require.NoError(t, reqtemplate.CheckURL(good, false), good)
	}
	require.NoError(t, reqtemplate.CheckURL("http://bank.example", true))
	for bad, want := range map[string]string{
		"":                         "want http://HOST",
		"ftp://127.0.0.1/":         "want http://HOST",
		"https://a:b@bank.example": "want http://HOST",
		"http://127.0.0.1:0":       "port 0, want 1 to 65535",
		"http://127.0.0.1:99999":   "port 99999",
		"http://bank.example/":     "bank.example is not a loopback address: use https",
		"http://127.0.0.1.example": "not a loopback address",
	} {
		require.ErrorContains(t, reqtemplate.CheckURL(bad, false), want, bad)
	}
}

func TestCheckHeaders(t *testing.T) {
	v := reqtemplate.Values{"key": "secret"}
	require.NoError(t, reqtemplate.CheckHeaders(map[string]string{"Authorization": "Bearer {{key}}", "host": "a.example"}, v))
	for want, headers := range map[string]map[string]string{
		`"X Y" is not the name of a header`: {"X Y": "a"},
		"X-A and x-a are the same header":   {"X-A": "a", "x-a": "b"},
		"the value of X-A has a line break": {"X-A": "a\r\nX-B: b"},
		"the value of Host is not a host":   {"Host": "a b"},
	} {
		require.EqualError(t, reqtemplate.CheckHeaders(headers, v), want+map[bool]string{true: " or another control character"}[len(headers) == 1 && headers["X-A"] != ""])
	}
	err := reqtemplate.CheckHeaders(map[string]string{"X": "{{key}}"}, reqtemplate.Values{"key": "sec\nret"})
	require.ErrorContains(t, err, "the value of X")
	require.NotContains(t, err.Error(), "sec")
}
