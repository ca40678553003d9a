// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/d204ef64/fob/internal/strictjson"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/metrics"
)

// Fixed limits.
const (
	maxBody     = 64 << 10         // bytes of a request body, except a seed file
	bodyWait    = 10 * time.Second // time for a request body to arrive
	heavyAtOnce = 2                // maximum number of parallel imports, exports and verifications
)

// DefaultMaxImport is the default limit for a seed file: 1 GiB, the size of a PSKC file
// with about a million tokens.
const DefaultMaxImport = 1 << 30

// Options configure the interface. The zero value is ready to use.
type Options struct {
	Limits Limits

	// MaxImport is the maximum size of a seed file in bytes. 0 means DefaultMaxImport.
	MaxImport int64

	// Mailer sends the expiry notices of the daily job. If it is nil, the job cannot be
	// started through this interface.
	Mailer bank.Mailer

	// TestMode marks every answer with a header. If Clock is set too, it must be the
	// bank's clock, and /v1/clock can move it.
	TestMode bool
	Clock    *bank.ManualClock

	// Metrics count the requests, and /metrics shows them. If it is nil, the interface
	// creates its own.
	Metrics *metrics.Metrics

	// Event, if not nil, is called after each request. Many goroutines may call it at
	// once, and it must not block.
	Event func(Event)

	now func() time.Time // clock of the limits; nil means time.Now
}

// Event describes an answered request. It contains no code, password, secret or query.
type Event struct {
	Method string
	Route  string // the pattern of the path, for example "/v1/tokens/{serial}"; "" if none matched
	Status int
	Took   time.Duration
	Source string // network address without port
	Caller string // for example "user alice" or "key k1"; "" if unknown
	Err    error  // the cause of a 500 or 503; otherwise nil
	Stack  []byte // the stack of a panic; otherwise nil
}

type server struct {
	bank    *bank.Bank
	o       Options
	api     huma.API
	mux     *http.ServeMux
	limits  *limiter
	metrics *metrics.Metrics
	heavy   chan struct{}
}

// New returns the HTTP interface of a bank. Seed files and audit exports may be large.
// The HTTP server must end transfers that stall, but not transfers that make progress.
func New(b *bank.Bank, o Options) http.Handler {
	if o.MaxImport == 0 {
		o.MaxImport = DefaultMaxImport
	}
	if o.Metrics == nil {
		o.Metrics = metrics.New(metrics.Build{})
	}
	if o.now == nil {
		o.now = time.Now
	}
	s := &server{
		bank:    b,
		o:       o,
		mux:     http.NewServeMux(),
		limits:  newLimiter(o.Limits, o.now),
		metrics: o.Metrics,
		heavy:   make(chan struct{}, heavyAtOnce),
	}
	s.api = humago.New(s.mux, s.config())
	s.api.UseMiddleware(s.admit)
	s.sessions()
	s.checks()
	s.transactions()
	s.tokens()
	s.suspensions()
	s.backOffice()
	s.orders()
	s.contracts()
	s.users()
	s.imports()
	s.notices()
	s.audit()
	s.keys()
	if o.TestMode && o.Clock != nil {
		s.clock()
	}
	s.plain()
	return s.outer(s.mux)
}

// config returns a huma configuration without huma's defaults. Answers have no schema
// links. The documentation page is off, because it would load scripts from another site.
func (s *server) config() huma.Config {
	reg := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:       "The bank",
				Version:     "v1",
				Description: description,
			},
			Components: &huma.Components{
				Schemas: reg,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer": {Type: "http", Scheme: "bearer", Description: "an API key, or the secret of a session"},
				},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": strictjson.Format, "json": strictjson.Format},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{hideValues},
	}
}

const description = "One-time passwords of hardware tokens, checked by the rules of the bank. " +
	"A refused code gets status 200 and always the same answer. " +
	"Lists have pages: send next of one page as after to get the following page. " +
	"Times are UTC; expiry dates are days in Japan."
