// SPDX-License-Identifier: Apache-2.0

package load

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/reqtemplate"
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
	texts := slices.AppendSeq([]string{t.URL, t.Body}, maps.Values(t.Headers))
	names := reqtemplate.Names(texts...)
	if err := reqtemplate.CheckNames([]string{"serial", "number", "code", "key"}, texts...); err != nil {
		return fmt.Errorf("%w: %w", ErrTarget, err)
	}
	switch {
	case !slices.Contains(names, "code"):
		return fmt.Errorf("%w: {{code}} is not in the url, the headers or the body", ErrTarget)
	case key == "" && slices.Contains(names, "key"):
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
	if err := reqtemplate.CheckHeaders(t.Headers, reqtemplate.Values{"key": key}); err != nil {
		return fmt.Errorf("%w: headers: %w", ErrTarget, err)
	}
	_, err := t.request(&job{user: &User{Number: 1}, code: "000000"})
	return err
}

// request makes the request for a job. Its host may differ between users.
func (t *Target) request(j *job) (*http.Request, error) {
	v := reqtemplate.Values{
		"serial": j.user.Serial.String(), "number": strconv.FormatUint(j.user.Number, 10), "code": j.code, "key": t.key,
	}
	address := v.URL(t.URL)
	if err := reqtemplate.CheckURL(address, false); err != nil {
		return nil, fmt.Errorf("%w: url: %w", ErrTarget, err)
	}
	header := http.Header{}
	for name, value := range t.Headers {
		header.Set(name, v.Fill(value, reqtemplate.Plain))
	}
	body := v.Fill(t.Body, reqtemplate.EscapeFor(header.Get("Content-Type")))
	req, err := http.NewRequest(t.Method, address, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: method %q", ErrTarget, t.Method)
	}
	req.Header, req.Host = header, cmp.Or(header.Get("Host"), req.Host)
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
