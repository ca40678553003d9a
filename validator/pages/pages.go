// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"net"
	"net/http"
	"time"

	"github.com/d204ef64/fob/validator/bank"
)

// Sizes of what is read from a browser, in bytes.
const (
	maxForm          = 64 << 10
	defaultMaxImport = 2 << 30 // a million tokens of PSKC are about 1 GB
)

// importTime is how long reading a seed file may take, longer than what a server
// allows for other requests.
const importTime = 30 * time.Minute

// Attempt is a kind of request that a source may make only so often.
type Attempt string

// The attempts.
const (
	AttemptLogin Attempt = "login" // a password
	AttemptCode  Attempt = "code"  // a code, or two
)

// Event is something that the one who runs the server should know of. It has no
// code, password or session in it.
type Event struct {
	Kind   string // "error" (a page that could not be shown), "refused" (a forged request), "limited"
	Page   string // the route, such as "POST /desk/tokens/{serial}/{act}"
	Source string
	Err    error
}

// Options change what the pages do. The zero value is good for a server that is
// reached without a proxy.
type Options struct {
	// TestMode writes TEST MODE on every page, with the bank's time.
	TestMode bool

	// TLS is that browsers come over TLS although requests do not: a proxy in
	// front ends it. Cookies are then sent over TLS only, as they are for
	// requests that come over TLS themselves.
	TLS bool

	// Allow is asked before a password or code is looked at, and returns how long
	// the source must wait, rounded up to seconds on the page; 0 lets it go on.
	// nil allows all. It may be called by several goroutines.
	Allow func(what Attempt, source string) time.Duration

	// Source returns the network address of who asks; nil takes the connection's.
	Source func(r *http.Request) string

	// Event is told of what goes wrong; nil is nobody. It may be called by several
	// goroutines.
	Event func(Event)

	// MaxImport is the most bytes of a seed file; 0 is 2 GiB.
	MaxImport int64
}

// server is what all requests share.
type server struct {
	bank   *bank.Bank
	o      Options
	pages  map[string]*rendering // by language
	assets *assets
	cross  *http.CrossOriginProtection
	done   once
}

// New returns the pages of a bank.
func New(b *bank.Bank, o Options) http.Handler {
	if o.Source == nil {
		o.Source = remote
	}
	if o.Event == nil {
		o.Event = func(Event) {}
	}
	if o.Allow == nil {
		o.Allow = func(Attempt, string) time.Duration { return 0 }
	}
	if o.MaxImport == 0 {
		o.MaxImport = defaultMaxImport
	}
	s := &server{bank: b, o: o, assets: newAssets(), cross: http.NewCrossOriginProtection()}
	s.pages = map[string]*rendering{
		langJapanese: newRendering(langJapanese, s.assets), langEnglish: newRendering(langEnglish, s.assets),
	}
	mux := http.NewServeMux()
	s.routeUser(mux)
	s.routeDesk(mux)
	mux.Handle("GET "+assetPath, s.assets)
	return s.secured(mux)
}

// remote returns the address of the connection, without the port.
func remote(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// policy is what a page may load and do: what comes from this server, and nothing
// that stands in the page itself.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secured sets the headers that all answers have.
func (s *server) secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
