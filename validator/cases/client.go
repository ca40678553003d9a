// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	requestTimeout = 30 * time.Second
	maxReply       = 8 << 20 // bytes
	maxRetries     = 5       // retries for a target that limits the rate of requests
	maxRetryWait   = 10 * time.Second
)

// object is a JSON object in a request.
type object = map[string]any

// answer is the target's answer to a requested operation.
type answer struct {
	Done    bool   `json:"done"`
	Answer  string `json:"answer"`
	Way     string `json:"way"`
	Rule    string `json:"rule"`
	Reason  string `json:"reason"`
	Receipt string `json:"receipt"`
}

// The answers about a code.
const (
	accepted  = "accepted"
	refused   = "refused"
	nextCode  = "next code"
	corrected = "corrected"
)

// reply is an HTTP response.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// client sends requests. Any number of goroutines may use it.
type client struct {
	t    Target
	http *http.Client
}

func newClient(t Target) *client {
	c := &client{t: t, http: t.Client}
	if c.http == nil {
		c.http = &http.Client{Timeout: requestTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute}}
	}
	return c
}

// do sends a request with a JSON body, or without a body if it is nil.
func (c *client) do(ctx context.Context, secret, method, path string, body any) (reply, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return reply{}, err
		}
	}
	return c.send(ctx, secret, method, path, "application/json", text)
}

// send sends a request. It repeats the request if the target reports too many requests,
// because the target has then not processed it.
func (c *client) send(ctx context.Context, secret, method, path, kind string, body []byte) (reply, error) {
	for waits := 0; ; waits++ {
		r, err := c.once(ctx, secret, method, path, kind, body)
		if err != nil || r.status != http.StatusTooManyRequests || waits == maxRetries {
			return r, err
		}
		wait := time.Second
		if n, err := strconv.Atoi(r.header.Get("Retry-After")); err == nil {
			wait = min(time.Duration(n)*time.Second, maxRetryWait)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return reply{}, ctx.Err()
		}
	}
}

func (c *client) once(ctx context.Context, secret, method, path, kind string, body []byte) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.t.URL+path, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", kind)
	}
	if secret != "" {
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxReply))
	return reply{res.StatusCode, res.Header, text}, err
}

// json decodes the body.
func (r reply) json(into any) error {
	if err := json.Unmarshal(r.body, into); err != nil {
		return fmt.Errorf("status %d: the answer is not JSON: %w", r.status, err)
	}
	return nil
}

// answer returns the answer about a code. A request that the target rejects because of
// its form counts as refused.
func (r reply) answer() (answer, error) {
	var a answer
	switch r.status {
	case http.StatusOK, http.StatusCreated:
		return a, r.json(&a)
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return answer{Answer: refused}, nil
	}
	return a, r.unexpected()
}

// unexpected returns an error for an unexpected response. The details that a target
// reports in its problems contain no secrets.
func (r reply) unexpected() error {
	var p struct{ Detail string }
	_ = json.Unmarshal(r.body, &p)
	return fmt.Errorf("status %d %s", r.status, p.Detail)
}

// check submits a code of a token.
func (c *client) check(ctx context.Context, serial, code string) (string, error) {
	r, err := c.do(ctx, c.t.CheckKey, http.MethodPost, "/v1/check", object{"serial": serial, "code": code})
	if err != nil {
		return "", err
	}
	a, err := r.answer()
	return a.Answer, err
}

func escaped(s string) string { return url.PathEscape(s) }
