// SPDX-License-Identifier: Apache-2.0

package webapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"strings"

	"github.com/d204ef64/fob/internal/loopback"
)

// KnownHost reports whether the Host header of a request names this server: localhost, a
// loopback address, the address at which the connection arrived, or a host for which more
// returns true. More may be nil. Refuse other hosts, because a page on the web could make a
// browser send requests to a name that leads here (DNS rebinding).
func KnownHost(r *http.Request, more func(host string) bool) bool {
	name := r.Host
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	if inner, ok := strings.CutPrefix(name, "["); ok { // an IPv6 address without a port
		if name = strings.TrimSuffix(inner, "]"); net.ParseIP(name) == nil {
			return false
		}
	}
	name = strings.TrimSuffix(name, ".")
	if ip := net.ParseIP(name); loopback.Host(name) || ip != nil && ip.Equal(arrivedAt(r)) {
		return true
	}
	return name != "" && more != nil && more(name)
}

// arrivedAt returns the address of this machine at which the connection of a request
// arrived. A page cannot make a browser send it: with DNS rebinding, the header has a name.
func arrivedAt(r *http.Request) net.IP {
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		return a.IP
	}
	return nil
}

// HasKey reports whether a request has an API key as a bearer token. No request has the
// key "".
func HasKey(r *http.Request, key string) bool {
	scheme, got, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && IsKey(got, key)
}

// IsKey reports whether a text is an API key. The time that it takes does not depend on
// the texts.
func IsKey(text, key string) bool {
	got, want := sha256.Sum256([]byte(text)), sha256.Sum256([]byte(key))
	return key != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}
