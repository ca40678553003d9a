// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// maxAnswer is the number of bytes of an answer that are read.
const maxAnswer = 10 << 20

type httpStep struct {
	Method  string            `yaml:"method" doc:"GET by default, or POST with a body"`
	URL     string            `yaml:"url" doc:"http or https" required:"true"`
	Headers map[string]string `yaml:"headers" doc:"fields of the request"`
	Body    string            `yaml:"body" doc:"body of the request; application/json unless headers say otherwise"`
	Status  int               `yaml:"status" doc:"status of the answer; any of 200 to 299 by default. Redirects are not followed, and cookies are kept" min:"100" max:"599"`
	Match   string            `yaml:"match" doc:"regular expression (RE2) for the body of the answer; its named groups become variables" format:"regex"`
	Timeout string            `yaml:"timeout" doc:"by this machine's clock; 30 s by default"`
}

func (s *httpStep) check(c *checker) error {
	c.outside(false)
	texts := []string{s.URL, s.Body}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		texts = append(texts, s.Headers[name])
	}
	names := cmp.Or(c.texts(texts...), c.pattern("match", s.Match))
	return cmp.Or(s.checkFields(), names)
}

// checkFields checks the fields apart from variables and the pattern.
func (s *httpStep) checkFields() error {
	if s.URL == "" {
		return errors.New("url is missing")
	}
	if err := checkURL(s.URL); err != nil {
		return err
	}
	if s.Status != 0 && (s.Status < 100 || s.Status > 599) {
		return fmt.Errorf("status: %d, want 100 to 599", s.Status)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		if !httpguts.ValidHeaderFieldName(name) {
			return fmt.Errorf("headers: %q is not the name of a field", name)
		}
		if !httpguts.ValidHeaderFieldValue(strings.TrimSpace(variable.ReplaceAllString(s.Headers[name], ""))) {
			return fmt.Errorf("headers: the value of %s has a line break or another control character", name)
		}
	}
	if _, err := http.NewRequest(s.Method, "http://host/", nil); err != nil {
		return fmt.Errorf("method: %q is not a method", s.Method)
	}
	_, err := period("timeout", s.Timeout, 0, time.Millisecond, 24*time.Hour)
	return err
}

// checkURL checks an address, or its beginning if variables follow.
func checkURL(text string) error {
	wrong := fmt.Errorf("url: %s is not an address that begins with http:// or https://", shownURL(text))
	begin, _, variables := strings.Cut(text, "${")
	if !variables {
		if _, ok := parseURL(text); !ok {
			return wrong
		}
		return nil
	}
	for _, scheme := range []string{"http://", "https://"} {
		n := min(len(begin), len(scheme))
		if strings.EqualFold(begin[:n], scheme[:n]) {
			return nil
		}
	}
	return wrong
}

// parseURL parses the address of a server.
func parseURL(text string) (*url.URL, bool) {
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Hostname() == "" {
		return nil, false
	}
	if port := address.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return nil, false
		}
	}
	return address, true
}

func (s *httpStep) run(r *runner) error {
	timeout, _ := period("timeout", s.Timeout, 30*time.Second, 0, 24*time.Hour)
	ctx, cancel := context.WithTimeout(r.ctx, timeout)
	defer cancel()
	request, err := s.request(ctx, r)
	if err != nil {
		return err
	}
	answer, err := r.http.Do(request)
	if err != nil {
		// The error repeats the address, which may have values of variables.
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err
		}
		if ctx.Err() != nil && r.ctx.Err() == nil {
			return unmet("an answer within "+timeout.String(), "there is none")
		}
		return fmt.Errorf("%s %s: %w", request.Method, shownURL(s.URL), err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%s %s: reading the answer: %w", request.Method, shownURL(s.URL), err)
	}
	got := fmt.Sprintf("the answer is %s with the body %s", answer.Status, shorten(r.mask(string(body))))
	if s.Status == 0 && (answer.StatusCode < 200 || answer.StatusCode > 299) {
		return unmet("a status of 200 to 299", "%s", got)
	}
	if s.Status != 0 && answer.StatusCode != s.Status {
		return unmet(fmt.Sprintf("status %d", s.Status), "%s", got)
	}
	re, err := r.compile(s.Match)
	if err != nil {
		return err
	}
	if s.Match != "" && !r.match(re, string(body)) {
		return unmet(fmt.Sprintf("a body that matches %q", s.Match), "%s", got)
	}
	return nil
}

// request returns the request of the step. Errors do not repeat values of variables,
// which may be secret.
func (s *httpStep) request(ctx context.Context, r *runner) (*http.Request, error) {
	method := s.Method
	if method == "" {
		method = http.MethodGet
		if s.Body != "" {
			method = http.MethodPost
		}
	}
	address, ok := parseURL(r.expand(s.URL))
	if !ok {
		return nil, fmt.Errorf("url: %s is not an address that begins with http:// or https://", shownURL(s.URL))
	}
	request, err := http.NewRequestWithContext(ctx, method, address.String(), strings.NewReader(r.expand(s.Body)))
	if err != nil {
		return nil, fmt.Errorf("url: %s is not an address for %s", shownURL(s.URL), method)
	}
	if s.Body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, text := range s.Headers {
		request.Header.Set(name, strings.TrimSpace(r.expand(text)))
	}
	r.hideCredentials(request)
	return request, nil
}

// hideCredentials hides the secrets of a request. The server may repeat them in its answer.
func (r *runner) hideCredentials(request *http.Request) {
	if user := request.URL.User; user != nil {
		password, _ := user.Password()
		basic := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password)) // as the client sends it
		r.hide(user.String(), password, basic)
	}
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		value := request.Header.Get(name)
		_, credentials, _ := strings.Cut(value, " ") // after Basic or Bearer
		r.hide(value, credentials)
	}
	if _, password, ok := request.BasicAuth(); ok {
		r.hide(password)
	}
}
