// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"cmp"
	"net"
	"net/http"
	"time"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/validator/bank"
)

// Maximum sizes of request bodies, in bytes.
const (
	maxForm          = 64 << 10
	defaultMaxImport = 2 << 30 // a PSKC file with a million tokens has about 1 GB
)

// importTime is the time limit for reading a seed file. It is longer than a server's
// limit for other requests.
const importTime = 30 * time.Minute

// Attempt is a kind of request that is rate limited by source.
type Attempt string

// The kinds of attempts.
const (
	AttemptLogin Attempt = "login" // a password
	AttemptCode  Attempt = "code"  // one or two codes
)

// Event is information for the server's operator. It contains no code, password or
// session.
type Event struct {
	Kind   string // "error" (a page could not be shown), "refused" (a forged request) or "limited"
	Page   string // the route, such as "POST /desk/tokens/{serial}/{act}"
	Source string
	Err    error
}

// Options configure the pages. The zero value suits a server without a proxy in front.
type Options struct {
	// TestMode shows TEST MODE and the bank's time on every page.
	TestMode bool

	// TLS declares that browsers use TLS although the requests arrive without it,
	// because a proxy terminates TLS. Cookies are then limited to TLS, as they are for
	// requests that arrive over TLS.
	TLS bool

	// Allow is called before a password or code is checked. It returns how long the
	// source must wait, or 0 to continue. The page shows the time rounded up to
	// seconds. A nil Allow sets no limit. It may be called by several goroutines.
	Allow func(what Attempt, source string) time.Duration

	// Source returns the client's network address. If it is nil, the address of the
	// connection is used.
	Source func(r *http.Request) string

	// Event, if not nil, receives failures and refused requests. It may be called by
	// several goroutines.
	Event func(Event)

	// MaxImport is the maximum size of a seed file in bytes. 0 means 2 GiB.
	MaxImport int64
}

// server is the data that all requests share.
type server struct {
	bank      *bank.Bank
	o         Options
	site      *ui.Site
	words     map[string]ui.Catalog // by language
	phrases   map[string]phrasebook // by language
	cross     *http.CrossOriginProtection
	confirmed confirmedDrafts
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
	o.MaxImport = cmp.Or(o.MaxImport, defaultMaxImport)
	s := &server{bank: b, o: o, cross: http.NewCrossOriginProtection()}
	s.words, s.phrases = map[string]ui.Catalog{}, map[string]phrasebook{}
	for _, lang := range []string{ui.Japanese, ui.English} {
		s.words[lang], s.phrases[lang] = catalogOf(lang), readPhrases(lang)
	}
	s.site = s.newSite()
	mux := http.NewServeMux()
	s.routeUser(mux)
	s.routeDesk(mux)
	mux.Handle("GET "+ui.AssetPath, s.site.Assets)
	return ui.Secure(mux)
}

// remote returns the address of the connection, without the port.
func remote(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}
