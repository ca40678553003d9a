// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/loopback"
)

// ErrProxy is returned for an invalid proxy address or header, and for a public URL
// that is invalid or does not fit the other settings.
var ErrProxy = errclass.New(errclass.Usage, "invalid proxy")

// The headers in which a proxy names its client.
const (
	XForwardedFor = "X-Forwarded-For"
	Forwarded     = "Forwarded" // RFC 7239
)

// Proxies describes the reverse proxies in front of a server. The zero value means no
// proxy: the server then ignores the headers.
type Proxies struct {
	// Trusted lists the networks of the proxies.
	Trusted []netip.Prefix

	// Header is the one header that the server reads; the default is [XForwardedFor]. A
	// proxy that writes one of the two headers usually passes on the other unchanged
	// from the client.
	Header string
}

// ParseProxies parses networks such as 192.0.2.0/24 or single addresses, and the
// header's name. The error wraps [ErrProxy].
func ParseProxies(networks []string, header string) (Proxies, error) {
	var p Proxies
	for _, text := range networks {
		network, err := netip.ParsePrefix(text)
		if addr, aerr := netip.ParseAddr(text); aerr == nil && addr.Zone() == "" {
			network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		switch {
		case err != nil:
			return Proxies{}, fmt.Errorf("%w: network %q: want an address or a network such as 192.0.2.0/24", ErrProxy, text)
		case network.Addr().Is4In6():
			return Proxies{}, fmt.Errorf("%w: network %s: write it as IPv4", ErrProxy, network)
		case network != network.Masked():
			return Proxies{}, fmt.Errorf("%w: network %s: did you mean %s or %s?", ErrProxy, network, network.Masked(), network.Addr())
		case network.Bits() == 0:
			return Proxies{}, fmt.Errorf("%w: network %s contains every address, so any client could claim to be another: list only the proxy", ErrProxy, network)
		}
		p.Trusted = append(p.Trusted, network)
	}
	switch p.Header = http.CanonicalHeaderKey(header); p.Header {
	case "":
		p.Header = XForwardedFor
	case XForwardedFor, Forwarded:
	default:
		return Proxies{}, fmt.Errorf("%w: header %q: want %s or %s", ErrProxy, header, XForwardedFor, Forwarded)
	}
	return p, nil
}

func (p *Proxies) trusts(a netip.Addr) bool {
	for _, network := range p.Trusted {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// client returns the address of the client behind the proxies. Each proxy appends the
// address of its own client, and therefore the list is read from its end. The first
// address that does not belong to a trusted proxy is the client; the client may have
// invented all entries before it. ok is false if the header has no usable address.
func (p *Proxies) client(r *http.Request, peer netip.Addr) (client netip.Addr, ok bool) {
	client = peer
	header := p.Header
	if header == "" {
		header = XForwardedFor
	}
	hops := strings.Split(strings.Join(r.Header.Values(header), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		text := hops[i]
		if header == Forwarded {
			text = forwardedFor(text)
		}
		hop, valid := parseHop(text)
		if !valid {
			return client, client != peer
		}
		if client, ok = hop, true; !p.trusts(hop) {
			break
		}
	}
	return client, ok
}

// forwardedFor returns the value of "for" in an element of a Forwarded header. The
// value is an address or an identifier, neither of which can contain a comma.
func forwardedFor(element string) string {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(pair, "=")
		if strings.EqualFold(strings.TrimSpace(name), "for") {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return ""
}

// parseHop parses an address. Some proxies add a port.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		var at netip.AddrPort
		at, err = netip.ParseAddrPort(text)
		addr = at.Addr()
	}
	return addr.Unmap().WithZone(""), err == nil
}

// checkProxies rejects settings with which the bank would mistake the proxy for its
// clients, or passwords would cross a network in the clear.
func (c *Config) checkProxies() error {
	if c.PublicURL == "" {
		if len(c.Proxies.Trusted) > 0 {
			return fmt.Errorf("%w: a trusted proxy requires the public URL by which browsers reach it (https://…)", ErrProxy)
		}
		return nil
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%w: public URL %q: want https://HOST or https://HOST:PORT, without a path", ErrProxy, c.PublicURL)
	}
	c.public = u
	switch own := c.Certificate != nil; {
	case u.Scheme == "http" && own:
		return fmt.Errorf("%w: public URL %s: want https, because this server has a certificate", ErrProxy, c.PublicURL)
	case u.Scheme == "http" && !localName(u.Hostname()):
		return fmt.Errorf("%w: public URL %s: want https, because passwords and codes would cross the network unencrypted", ErrProxy, c.PublicURL)
	case u.Scheme == "https" && !own && len(c.Proxies.Trusted) == 0:
		return fmt.Errorf("%w: public URL %s requires a certificate here, or a trusted proxy that has one: "+
			"without its address, all its clients would count as one", ErrProxy, c.PublicURL)
	}
	return nil
}

// PublicTLS reports whether browsers use TLS according to the public URL.
func (c *Config) PublicTLS() bool { return c.public != nil && c.public.Scheme == "https" }

// localName reports whether a host name means the local machine.
func localName(host string) bool {
	return loopback.Host(host) || strings.HasSuffix(host, ".localhost")
}

// hsts is sent over TLS. It tells browsers to use only TLS for this host for a year.
const hsts = "max-age=31536000"

// proxied replaces the address of a trusted proxy by the client's address, and the host
// that the proxy asked for by the host of the public URL.
func (s *Server) proxied(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at, err := netip.ParseAddrPort(r.RemoteAddr)
		peer := at.Addr().Unmap().WithZone("")
		overTLS := r.TLS != nil
		switch {
		case err == nil && s.c.Proxies.trusts(peer):
			client, ok := s.c.Proxies.client(r, peer)
			if !ok {
				s.c.Event(slog.LevelWarn, "a trusted proxy does not send the client's address: all its clients count as one",
					slog.String("proxy", peer.String()), slog.String("header", s.c.Proxies.Header))
			}
			r = r.WithContext(r.Context()) // a copy, because a handler must not change its request
			r.RemoteAddr = netip.AddrPortFrom(client, at.Port()).String()
			r.Host = s.c.public.Host
			overTLS = s.c.PublicTLS()
		case peer.IsLoopback() && (r.Header.Get(XForwardedFor) != "" || r.Header.Get(Forwarded) != ""):
			s.c.Event(slog.LevelWarn, "a request comes from a proxy that is not trusted: all its clients count as one",
				slog.String("proxy", peer.String()))
		}
		host := (&url.URL{Host: r.Host}).Hostname()
		if overTLS && !localName(host) { // every program on a machine shares localhost
			w.Header().Set("Strict-Transport-Security", hsts)
		}
		next.ServeHTTP(w, r)
	})
}
