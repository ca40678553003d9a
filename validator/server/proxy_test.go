// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ratelimit"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank/banktest"
	"github.com/d204ef64/fob/validator/httpapi"
	"github.com/d204ef64/fob/validator/pages"
)

func TestParseProxiesRefuses(t *testing.T) {
	for text, says := range map[string]string{
		"":                "want an address or a network",
		"proxy.example":   "want an address or a network",
		"192.0.2.0/33":    "want an address or a network",
		"fe80::1%eth0":    "want an address or a network",
		"192.0.2.7/24":    "did you mean 192.0.2.0/24 or 192.0.2.7?",
		"::ffff:10.0.0.1": "write it as IPv4",
		"0.0.0.0/0":       "contains every address",
		"::/0":            "contains every address",
	} {
		_, err := ParseProxies([]string{text}, "")
		require.ErrorIs(t, err, ErrProxy, text)
		require.ErrorContains(t, err, says, text)
	}
	_, err := ParseProxies(nil, "X-Real-IP")
	require.ErrorContains(t, err, "want X-Forwarded-For or Forwarded")
	p, err := ParseProxies([]string{"10.0.0.0/8", "2001:db8::7"}, "forwarded")
	require.NoError(t, err)
	require.Equal(t, Proxies{
		Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::7/128")}, Header: Forwarded,
	}, p)
}

func TestProxyChecks(t *testing.T) {
	certificate, _ := selfSigned(t)
	proxy := []string{"127.0.0.1"}
	for name, c := range map[string]struct {
		url     string
		proxies []string
		own     bool
		says    string // expected part of the error; "" means no error
	}{
		"none":                                   {"", nil, false, ""},
		"proxy":                                  {"https://bank.example.com", proxy, false, ""},
		"proxy with a port":                      {"https://bank.example.com:8443/", proxy, false, ""},
		"proxy, and TLS to it":                   {"https://bank.example.com", proxy, true, ""},
		"no proxy":                               {"https://bank.example.com", nil, true, ""},
		"proxy on one's own":                     {"http://localhost:8000", proxy, false, ""},
		"no URL":                                 {"", proxy, false, "requires the public URL"},
		"in clear":                               {"http://bank.example.com", proxy, false, "unencrypted"},
		"in clear, with TLS":                     {"http://bank.example.com", nil, true, "want https"},
		"neither the server nor a proxy has TLS": {"https://bank.example.com", nil, false, "requires a certificate here, or a trusted proxy"},
		"no scheme":                              {"bank.example.com", proxy, false, "want https://HOST"},
		"path":                                   {"https://example.com/bank", proxy, false, "without a path"},
		"query":                                  {"https://example.com/?a=b", proxy, false, "without a path"},
		"password":                               {"https://a:b@example.com", proxy, false, "want https://HOST"},
		"port without a host":                    {"https://:443", proxy, false, "want https://HOST"},
		"another scheme":                         {"ftp://example.com", proxy, false, "want https://HOST"},
	} {
		p, err := ParseProxies(c.proxies, "")
		require.NoError(t, err)
		config := Config{Listen: "127.0.0.1:0", PublicURL: c.url, Proxies: p}
		if c.own {
			config.Certificate = certificate
		}
		err = config.Check()
		if c.says == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, ErrProxy, name)
		require.ErrorContains(t, err, c.says, name)
	}
}

// TestClientBehindProxies uses the examples of RFC 7239, section 4, and headers in the
// forms that nginx, HAProxy and Azure write.
func TestClientBehindProxies(t *testing.T) {
	peer := "10.0.0.1"
	for _, c := range []struct {
		header string
		values []string
		want   string
		ok     bool
	}{
		{XForwardedFor, nil, peer, false},
		{XForwardedFor, []string{""}, peer, false},
		{XForwardedFor, []string{"203.0.113.7"}, "203.0.113.7", true},
		{XForwardedFor, []string{"198.51.100.1, 203.0.113.7, 10.1.2.3"}, "203.0.113.7", true},
		{XForwardedFor, []string{"198.51.100.1", "203.0.113.7"}, "203.0.113.7", true},
		{XForwardedFor, []string{"2001:db8::1"}, "2001:db8::1", true},
		{XForwardedFor, []string{"::ffff:203.0.113.7"}, "203.0.113.7", true},
		{XForwardedFor, []string{"203.0.113.7:40123"}, "203.0.113.7", true},
		{XForwardedFor, []string{"[2001:db8::1]:40123"}, "2001:db8::1", true},
		{XForwardedFor, []string{"203.0.113.7, nonsense"}, peer, false},
		{XForwardedFor, []string{"203.0.113.7, nonsense, 10.1.2.3"}, "10.1.2.3", true},
		{XForwardedFor, []string{"10.9.9.9, 10.1.2.3"}, "10.9.9.9", true}, // a client inside the trusted network
		{Forwarded, []string{`for="_gazonk"`}, peer, false},
		{Forwarded, []string{`For="[2001:db8:cafe::17]:4711"`}, "2001:db8:cafe::17", true},
		{Forwarded, []string{`for=192.0.2.60;proto=http;by=203.0.113.43`}, "192.0.2.60", true},
		{Forwarded, []string{`for=192.0.2.43, for=198.51.100.17`}, "198.51.100.17", true},
		{Forwarded, []string{`for=192.0.2.43, for="[2001:db8:cafe::17]"`}, "2001:db8:cafe::17", true},
		{Forwarded, []string{`for=192.0.2.43, for=10.0.0.2`}, "192.0.2.43", true},
		{Forwarded, []string{`for=unknown`}, peer, false},
		{Forwarded, []string{`for=192.0.2.43, for=198.51.100.17;by="x;for=1.2.3.4"`}, "198.51.100.17", true},
	} {
		p, err := ParseProxies([]string{"10.0.0.0/8"}, c.header)
		require.NoError(t, err)
		r := httptest.NewRequest("GET", "/", nil)
		other := map[string]string{XForwardedFor: Forwarded, Forwarded: XForwardedFor}[c.header]
		r.Header.Set(other, "for=192.0.2.99, 192.0.2.99") // written by the client, and passed on by the proxy
		for _, v := range c.values {
			r.Header.Add(c.header, v)
		}
		got, ok := p.client(r, netip.MustParseAddr(peer))
		require.Equal(t, c.want, got.String(), "%v", c.values)
		require.Equal(t, c.ok, ok, "%v", c.values)
	}
}

// proxiedBank is a bank behind a reverse proxy that terminates TLS for example.com. It
// is Go's reverse proxy, which appends to X-Forwarded-For and sends the upstream's
// host, as nginx does with $proxy_add_x_forwarded_for.
type proxiedBank struct {
	*running
	*banktest.Harness
	proxy *httptest.Server
}

func newProxiedBank(t *testing.T) *proxiedBank {
	t.Helper()
	d := banktest.New(t, banktest.SQLite(t))
	d.Contract("c1")
	d.User("c1", "alice", validator.Master)
	proxies, err := ParseProxies([]string{"127.0.0.1"}, "")
	require.NoError(t, err)
	logins := ratelimit.New[string](ratelimit.Capacity)
	b := &proxiedBank{Harness: d}
	b.running = serve(t, Config{
		Bank: d.Bank, API: httpapi.New(d.Bank, httpapi.Options{}), PublicURL: "https://example.com", Proxies: proxies,
		Pages: pages.New(d.Bank, pages.Options{TLS: true, Allow: func(_ pages.Attempt, source string) time.Duration {
			return logins.Take(time.Now(), source, ratelimit.Rate{Burst: 3})
		}}),
	})
	upstream, err := url.Parse(b.HTTP())
	require.NoError(t, err)
	b.proxy = httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(upstream)
		r.Out.Header[XForwardedFor] = r.In.Header[XForwardedFor]
		r.SetXForwarded()
	}})
	t.Cleanup(b.proxy.Close)
	return b
}

// browser returns a browser that connects from the given local address.
func (b *proxiedBank) browser(t *testing.T, from string) *http.Client {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	transport := b.proxy.Client().Transport.(*http.Transport).Clone()
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "tcp", b.proxy.Listener.Addr().String())
	}
	t.Cleanup(transport.CloseIdleConnections)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Transport: transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// TestBehindAProxy: a client that enters wrong passwords behind a proxy uses up its own
// limits, but not the limits of other clients behind the same proxy. It cannot claim
// their address. Cookies are for TLS only, forms accept the proxy's host, and the metrics
// stay protected.
func TestBehindAProxy(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs 127.0.0.2 and 127.0.0.3")
	}
	b := newProxiedBank(t)
	const site = "https://example.com"
	thief, owner := b.browser(t, "127.0.0.2"), b.browser(t, "127.0.0.3")
	ask := func(client *http.Client, method, path, kind, body string, header ...string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, site+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", kind)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		answer, err := client.Do(r)
		require.NoError(t, err)
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer, string(text)
	}
	const asJSON = "application/json"
	status := 0
	for range 100 {
		answer, _ := ask(thief, "POST", "/v1/sessions", asJSON, `{"user":"alice","password":"wrong wrong wrong"}`, XForwardedFor, "127.0.0.3")
		if status = answer.StatusCode; status == http.StatusTooManyRequests {
			break
		}
	}
	require.Equal(t, http.StatusTooManyRequests, status, "wrong passwords have a limit")
	answer, text := ask(owner, "POST", "/v1/sessions", asJSON, `{"user":"alice","password":"`+banktest.Password+`"}`)
	require.Equal(t, http.StatusCreated, answer.StatusCode, text)

	form := func(client *http.Client, password string) (*http.Response, string) {
		_, page := ask(client, "GET", "/login", "", "")
		token := regexp.MustCompile(`name="form-token" value="([^"]+)"`).FindStringSubmatch(page)
		require.NotNil(t, token, page)
		return ask(client, "POST", "/login", "application/x-www-form-urlencoded",
			url.Values{"form-token": {token[1]}, "user": {"alice"}, "password": {password}}.Encode(), "Origin", site)
	}
	for range 3 {
		form(thief, "wrong wrong wrong")
	}
	answer, _ = form(thief, banktest.Password)
	require.NotEqual(t, http.StatusSeeOther, answer.StatusCode, "wrong passwords have a limit")
	answer, text = form(owner, banktest.Password)
	require.Equal(t, http.StatusSeeOther, answer.StatusCode, text)
	require.Equal(t, "max-age=31536000", answer.Header.Get("Strict-Transport-Security"))
	var names []string
	for _, c := range answer.Cookies() {
		require.True(t, c.Secure, c.Name)
		names = append(names, c.Name)
	}
	require.Contains(t, names, "__Host-fob-user")

	answer, _ = ask(owner, "GET", "/metrics", "", "")
	require.Equal(t, http.StatusUnauthorized, answer.StatusCode)
	answer, err := http.Get(b.HTTP() + "/metrics") // a proxy that adds no header
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusUnauthorized, answer.StatusCode)
	require.Contains(t, b.lines.String(), "does not send the client's address")
}

// TestUntrustedProxy: the log warns if a proxy is not in the trusted list.
func TestUntrustedProxy(t *testing.T) {
	r := serve(t, Config{Pages: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RemoteAddr) })})
	request, err := http.NewRequestWithContext(t.Context(), "GET", r.Server.HTTP(), nil)
	require.NoError(t, err)
	request.Header.Set(XForwardedFor, "203.0.113.7")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), "127.0.0.1:"), "%s", text)
	require.Contains(t, r.lines.String(), "a request comes from a proxy that is not trusted")
}
