// SPDX-License-Identifier: Apache-2.0

package bktest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/validator/cases/reference"
)

// bank is a running bank and the keys of its outside callers.
type bank struct {
	t     *testing.T
	s     *reference.Server
	url   string
	check string // API keys
	desk  string
	now   time.Time
	made  int // number of names and serial numbers created so far
}

// story runs a test at an empty bank. The time is noon of 1 April 2026 in Japan.
func story(t *testing.T, tell func(t *testing.T, b *bank)) {
	for name, database := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "bank.db") },
		"postgres": func(t *testing.T) string { return pgtest.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := reference.Start(t.Context(), reference.Options{Database: database(t)})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			at := s.Target()
			b := &bank{t: t, s: s, url: at.URL, check: at.CheckKey, desk: at.ClerkKey}
			b.itIs("2026-04-01T12:00:00+09:00")
			tell(t, b)
		})
	}
}

// m is a JSON object.
type m = map[string]any

// ask sends a request, requires a status, and decodes the answer.
func (b *bank) ask(secret, method, path string, body any, status int, into any) {
	b.t.Helper()
	var text []byte
	if body != nil {
		var err error
		text, err = json.Marshal(body)
		require.NoError(b.t, err)
	}
	b.send(secret, method, path, "application/json", text, status, into)
}

func (b *bank) send(secret, method, path, kind string, body []byte, status int, into any) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, bytes.NewReader(body))
	require.NoError(b.t, err)
	if len(body) > 0 {
		req.Header.Set("Content-Type", kind)
	}
	if secret != "" {
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(b.t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(b.t, err)
	require.Equal(b.t, "TEST MODE", res.Header.Get("Fob-Test-Mode"))
	require.Equal(b.t, status, res.StatusCode, "%s %s: %s", method, path, text)
	if into != nil {
		require.NoError(b.t, json.Unmarshal(text, into), "%s", text)
	}
}

// itIs sets the bank's clock. passes advances it.
func (b *bank) itIs(text string) {
	b.t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(b.t, err)
	b.now = at
	b.ask(b.desk, "POST", "/v1/clock", m{"now": text}, 200, nil)
}

func (b *bank) passes(d time.Duration) {
	b.t.Helper()
	b.itIs(b.now.Add(d).Format(time.RFC3339))
}

// restarts stops the bank and starts it again.
func (b *bank) restarts() {
	b.t.Helper()
	http.DefaultClient.CloseIdleConnections()
	require.NoError(b.t, b.s.Restart(b.t.Context()))
}

// contract is the contract of one customer.
type contract struct {
	*bank
	id string
}

const address = "東京都千代田区丸の内1-1-1"

func (b *bank) contract() *contract {
	b.t.Helper()
	b.made++
	c := &contract{b, fmt.Sprintf("C-%d", b.made)}
	b.ask(b.desk, "POST", "/v1/contracts", m{
		"id": c.id, "name": "株式会社セブンメイト " + c.id, "address": address, "email": c.id + "@example.com", "language": "ja",
	}, 201, nil)
	return c
}

// order is an application for a token (ハードウェアトークン追加発行・再発行依頼書).
type order struct {
	ID       string
	Cause    string
	Old, New string
	Fee      int `json:"fee_yen"`
	Rule     string
	Status   string
	Address  string
	Applied  string
	From, To string
}

// applies submits an application. more holds further fields, such as old or returned.
func (c *contract) applies(cause string, more ...m) order {
	c.t.Helper()
	var got struct {
		said
		Order order
	}
	c.ask(c.desk, "POST", "/v1/orders", c.form(cause, more), 201, &got)
	require.True(c.t, got.Done)
	require.Equal(c.t, cause, got.Order.Cause)
	return got.Order
}

func (c *contract) form(cause string, more []m) m {
	body := m{"contract": c.id, "cause": cause}
	for _, fields := range more {
		for k, v := range fields {
			body[k] = v
		}
	}
	return body
}

// orders returns all orders of the contract.
func (c *contract) orders() []order {
	c.t.Helper()
	var page struct{ Items []order }
	c.ask(c.desk, "GET", "/v1/orders?limit=1000&contract="+c.id, nil, 200, &page)
	return page.Items
}

// sends ships a token from the inventory for an order.
func (b *bank) sends(o order) *hardware {
	b.t.Helper()
	f := b.stock()
	var got order
	b.ask(b.desk, "POST", "/v1/orders/"+o.ID+"/shipment", m{"serial": f.serial}, 200, &got)
	require.Equal(b.t, "shipped", got.Status)
	require.Equal(b.t, f.serial, got.New)
	return f
}

// record is a record of the audit log.
type record struct {
	Chain, Seq            int64
	At, User, Clerk       string
	Contract, Act, Serial string
	Rule, Reason, Source  string
	Front, Note           string
	Done                  bool
}

// audit returns the records that match a filter, newest first.
func (b *bank) audit(filter url.Values) []record {
	b.t.Helper()
	var page struct{ Items []record }
	filter.Set("limit", "1000")
	b.ask(b.desk, "GET", "/v1/audit?"+filter.Encode(), nil, 200, &page)
	return page.Items
}
