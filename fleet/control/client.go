// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/loopback"
)

// ErrUnreachable is the error of a fleet that does not answer.
var ErrUnreachable = errclass.New(errclass.Unreachable, "the fleet does not answer")

// Client talks to the interface of a running fleet.
type Client struct {
	URL  string       // as in the ready line of fob run
	Key  string       // the API key
	From string       // where Key comes from, for messages; may be ""
	HTTP *http.Client // nil: one for all clients without their own; see [NewHTTPClient]
}

// NewHTTPClient returns an HTTP client that suits many requests to one fleet at once. It
// trusts the certificate authorities in roots; nil: the system's. It follows no redirects:
// a fleet sends none, and another server must not get the key.
func NewHTTPClient(roots *x509.CertPool) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 100
	if roots != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// shared is the HTTP client of all clients without their own.
var shared = NewHTTPClient(nil)

// maxAnswer limits an answer that is kept in memory. Snapshots and seed files may be
// larger: see [Client.Bytes].
const maxAnswer = 64 << 20

// RefusedError is a request that the fleet refused.
type RefusedError struct {
	Status int
	Code   string // stable name of the kind of problem
	Detail string
}

// Error returns the detail.
func (e *RefusedError) Error() string { return e.Detail }

// ErrorClass returns the class by the status.
func (e *RefusedError) ErrorClass() errclass.Class {
	switch e.Status {
	case http.StatusRequestTimeout:
		return errclass.Timeout
	case http.StatusConflict, http.StatusForbidden, http.StatusUnauthorized:
		return errclass.Refused
	case http.StatusInternalServerError:
		return errclass.Failed
	case http.StatusServiceUnavailable: // the fleet ends
		return errclass.Unreachable
	}
	return errclass.Usage
}

// Do sends a request with a JSON body, unless in is nil, and decodes the answer into
// out, unless that is nil. The error is a [RefusedError] or wraps [ErrUnreachable], or
// is the context's.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	a, err := c.Open(ctx, method, path, in, "application/json")
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := io.ReadAll(io.LimitReader(a, maxAnswer+1))
	switch {
	case err != nil:
		return c.unreachable(ctx, err)
	case len(b) > maxAnswer:
		return fmt.Errorf("%w: %s %s: an answer of more than %d MiB is not one of a fleet", ErrUnreachable, method, path, maxAnswer>>20)
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("%w: %s %s: not the answer of a fleet: %w", ErrUnreachable, method, path, err)
	}
	return nil
}

// Bytes is Do for an answer of any kind.
func (c *Client) Bytes(ctx context.Context, method, path string, in any, accept string) ([]byte, error) {
	a, err := c.Open(ctx, method, path, in, accept)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	b, err := io.ReadAll(a)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	return b, nil
}

// JSONLines is a request body that is sent unchanged, as application/x-ndjson.
type JSONLines []byte

// File is a request body that is sent unchanged, as application/octet-stream.
type File []byte

// Open is Bytes for an answer that is read as it comes. The caller must close it.
func (c *Client) Open(ctx context.Context, method, path string, in any, accept string) (io.ReadCloser, error) {
	var body io.Reader
	contentType := "application/json"
	switch in := in.(type) {
	case nil:
	case JSONLines:
		body, contentType = bytes.NewReader(in), "application/x-ndjson"
	case File:
		body, contentType = bytes.NewReader(in), "application/octet-stream"
	default:
		b, err := json.Marshal(in)
		if err != nil {
			return nil, errclass.With(errclass.Usage, fmt.Errorf("%s %s: %w", method, path, err))
		}
		body = bytes.NewReader(b)
	}
	if !c.ValidURL() { // the error does not repeat it: it may have a password
		return nil, errclass.New(errclass.Usage, "the URL of the fleet is not valid: want one like http://127.0.0.1:8080")
	}
	if !c.private() {
		return nil, errclass.New(errclass.Usage, "the URL of the fleet is plain HTTP beyond loopback, where others can read the API key: use https")
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.URL, "/")+path, body)
	if err != nil {
		return nil, errclass.With(errclass.Usage, err)
	}
	r.Header.Set("Authorization", "Bearer "+c.Key)
	r.Header.Set("Accept", accept)
	if in != nil {
		r.Header.Set("Content-Type", contentType)
	}
	client := c.HTTP
	if client == nil {
		client = shared
	}
	a, err := client.Do(r)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if a.StatusCode < 300 {
		return a.Body, nil
	}
	defer a.Body.Close()
	refused := &RefusedError{Status: a.StatusCode}
	var p problem
	if err := json.NewDecoder(io.LimitReader(a.Body, maxBody)).Decode(&p); err != nil || p.Detail == "" {
		// The text of the status is the server's, so it may contain anything.
		return nil, fmt.Errorf("%w: %s answers %d %s, not as a fleet does", ErrUnreachable, c.address(), a.StatusCode, http.StatusText(a.StatusCode))
	}
	refused.Code, refused.Detail = printable(p.Code), printable(p.Detail)
	if a.StatusCode == http.StatusUnauthorized && c.From != "" {
		refused.Detail = "the key in " + c.From + " is not the API key of this fleet: " +
			"take it from the ready line of fob run, or from the file that fob run reads it from"
	}
	return nil, refused
}

// printable replaces characters that a terminal could obey.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// ValidURL reports whether the URL can be one of a fleet.
func (c *Client) ValidURL() bool {
	u, err := url.Parse(c.URL)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// private reports whether requests stay on this machine or are encrypted. The URL is valid.
func (c *Client) private() bool {
	u, _ := url.Parse(c.URL)
	return u.Scheme == "https" || loopback.Host(u.Hostname())
}

// address returns the URL for messages, without a password.
func (c *Client) address() string {
	u, err := url.Parse(c.URL)
	if err != nil {
		return "the URL of the fleet"
	}
	return u.Redacted()
}

func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var inner interface{ Unwrap() error }
	if errors.As(err, &inner) { // without the method and the address: the message has them
		err = inner.Unwrap()
	}
	return fmt.Errorf("%w: %s: %w: %s", ErrUnreachable, c.address(), err, advice(err))
}

// advice returns a remedy for an error of a connection.
func advice(err error) string {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &authority):
		return "name the file of the fleet's certificate, or of its authority's, in FOB_CACERT"
	case errors.As(err, &name):
		return "use a name or an address of the certificate: fob run shows them in its ready line"
	case errors.As(err, &plain), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "the fleet has no certificate: use http://"
	}
	return "is fob run still running there?"
}
