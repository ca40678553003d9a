// SPDX-License-Identifier: Apache-2.0

package load

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/loopback"
	"github.com/d204ef64/fob/internal/yamlfile"
)

// ErrTarget is the error of a target that cannot be used.
var ErrTarget = errclass.New(errclass.Usage, "invalid target")

// Target describes the request with which a user sends a code, and the answers. In URL,
// Headers and Body, {{serial}}, {{number}}, {{code}} and {{key}} are replaced by the serial
// number and the number of the token, the code, and the API key.
type Target struct {
	Method  string            `yaml:"method" doc:"method of the request; POST by default"`
	URL     string            `yaml:"url" doc:"address; https, or http on loopback" required:"true"`
	Headers map[string]string `yaml:"headers" doc:"headers of the request"`
	Body    string            `yaml:"body" doc:"body of the request"`

	Accepted Match `yaml:"accepted" doc:"the answer to a code that is accepted" required:"true"`
	Refused  Match `yaml:"refused" doc:"the answer to a code that is refused"`
	NextCode Match `yaml:"next_code" doc:"the answer that asks for the next code"`

	key string
}

// Match describes answers. The zero value matches none.
type Match struct {
	Status int    `yaml:"status" doc:"HTTP status; any by default"`
	Body   string `yaml:"body" doc:"regular expression that the body matches; any body by default"`

	re *regexp.Regexp
}

// Bank returns the target for the HTTP API of fob's validation server. The key must have
// the role check.
func Bank(address, key string) (*Target, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("%w: want http://HOST:PORT or https://HOST:PORT", ErrTarget) // without the address: it may have a password
	}
	t := &Target{
		URL:      u.JoinPath("v1", "check").String(),
		Headers:  map[string]string{"Authorization": "Bearer {{key}}", "Content-Type": "application/json"},
		Body:     `{"serial":"{{serial}}","code":"{{code}}"}`,
		Accepted: Match{Status: http.StatusOK, Body: `"answer": ?"accepted"`},
		Refused:  Match{Status: http.StatusOK, Body: `"answer": ?"refused"`},
		NextCode: Match{Status: http.StatusOK, Body: `"answer": ?"next code"`},
	}
	return t, t.prepare(key)
}

// ParseTarget parses a target in YAML. Unknown fields are errors. The error wraps
// [ErrTarget].
func ParseTarget(text []byte, key string) (*Target, error) {
	var t Target
	if _, err := yamlfile.Decode(text, &t); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTarget, err)
	}
	return &t, t.prepare(key)
}

func (t *Target) prepare(key string) error {
	t.key = key
	if t.Method == "" {
		t.Method = http.MethodPost
	}
	texts := []string{t.URL, t.Body}
	for _, value := range t.Headers {
		texts = append(texts, value)
	}
	all := strings.Join(texts, "\n")
	switch {
	case !strings.Contains(all, "{{code}}"):
		return fmt.Errorf("%w: {{code}} is not in the url, the headers or the body", ErrTarget)
	case key == "" && strings.Contains(all, "{{key}}"):
		return fmt.Errorf("%w: {{key}} needs an API key", ErrTarget)
	case t.Accepted == Match{}:
		return fmt.Errorf("%w: accepted is empty: give a status or a body", ErrTarget)
	}
	for name, m := range map[string]*Match{"accepted": &t.Accepted, "refused": &t.Refused, "next_code": &t.NextCode} {
		re, err := regexp.Compile(m.Body)
		if err != nil {
			return fmt.Errorf("%w: %s: body: %w", ErrTarget, name, err)
		}
		if m.Status != 0 && (m.Status < 100 || m.Status > 599) {
			return fmt.Errorf("%w: %s: status: %d, want 100 to 599", ErrTarget, name, m.Status)
		}
		if *m != (Match{}) {
			m.re = re
		}
	}
	_, err := t.request(&job{user: &User{Number: 1}, code: "000000"})
	if err == nil {
		err = t.checkHeaders()
	}
	return err
}

// checkHeaders checks the headers, which a request refuses only when it is sent.
func (t *Target) checkHeaders() error {
	names := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(t.Headers)) {
		value := strings.ReplaceAll(t.Headers[name], "{{key}}", t.key)
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			return fmt.Errorf("%w: headers: %q is not the name of a header", ErrTarget, name)
		case names[canonical] != "":
			return fmt.Errorf("%w: headers: %s and %s are the same header", ErrTarget, names[canonical], name)
		case !httpguts.ValidHeaderFieldValue(value): // without it: it may have a key
			return fmt.Errorf("%w: headers: the value of %s has a line break or another control character", ErrTarget, name)
		case canonical == "Host" && !httpguts.ValidHostHeader(value):
			return fmt.Errorf("%w: headers: the value of %s is not a host", ErrTarget, name)
		}
		names[canonical] = name
	}
	return nil
}

// request makes the request for a job.
func (t *Target) request(j *job) (*http.Request, error) {
	number := strconv.FormatUint(j.user.Number, 10)
	fill := func(text string, escape func(string) string) string {
		return strings.NewReplacer("{{serial}}", escape(j.user.Serial.String()), "{{number}}", number,
			"{{code}}", j.code, "{{key}}", escape(t.key)).Replace(text)
	}
	plain := func(s string) string { return s }
	address, err := url.Parse(fill(t.URL, url.QueryEscape))
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Host == "" {
		return nil, fmt.Errorf("%w: url: want http://HOST or https://HOST and a path", ErrTarget) // without the URL: it may have a key
	}
	if port := address.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, fmt.Errorf("%w: url: port %s, want 1 to 65535", ErrTarget, port)
		}
	}
	host := address.Hostname() // may differ between users
	if address.Scheme == "http" && !loopback.Host(host) {
		return nil, fmt.Errorf("%w: %s is not a loopback address: use https", ErrTarget, host)
	}
	req, err := http.NewRequest(t.Method, address.String(), strings.NewReader(fill(t.Body, plain)))
	if err != nil {
		return nil, fmt.Errorf("%w: method %q", ErrTarget, t.Method)
	}
	for name, value := range t.Headers {
		req.Header.Set(name, fill(value, plain))
		if strings.EqualFold(name, "Host") {
			req.Host = fill(value, plain)
		}
	}
	return req, nil
}

// Verdict is the answer of a server to a code.
type Verdict uint8

// The verdicts.
const (
	Failed   Verdict = iota // no answer, or one that the target does not describe
	Accepted                // the code is accepted
	Refused                 // the code is refused
	NextCode                // the server asks for the next code
	Limited                 // 429: too many requests, and the code was not checked
)

// verdict returns the verdict of an answer.
func (t *Target) verdict(status int, body []byte) Verdict {
	switch {
	case status == http.StatusTooManyRequests:
		return Limited
	case t.Accepted.matches(status, body):
		return Accepted
	case t.Refused.matches(status, body):
		return Refused
	case t.NextCode.matches(status, body):
		return NextCode
	}
	return Failed
}

func (m Match) matches(status int, body []byte) bool {
	return m.re != nil && (m.Status == 0 || m.Status == status) && m.re.Match(body)
}
