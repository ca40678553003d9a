// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/metrics"
)

// Sizes that are not options.
const (
	maxBody     = 64 << 10         // bytes of a body, but a seed file's
	bodyWait    = 10 * time.Second // for a body to arrive
	heavyAtOnce = 2                // imports, exports and verifications
)

// DefaultMaxImport is how large a seed file may be unless told otherwise: 1 GiB,
// which is a PSKC file of about a million tokens.
const DefaultMaxImport = 1 << 30

// Options change the interface. The zero value is good.
type Options struct {
	Limits Limits

	// MaxImport is how many bytes a seed file may have; 0 is DefaultMaxImport.
	MaxImport int64

	// Mailer sends the notices of the daily job; nil: the job cannot be started
	// here.
	Mailer bank.Mailer

	// TestMode says so in a header of every answer. Clock, which must be the
	// bank's, can then be moved at /v1/clock; nil: it cannot.
	TestMode bool
	Clock    *bank.ManualClock

	// Metrics count the requests, and are what /metrics shows; nil is some of its own.
	Metrics *metrics.Metrics

	// Event is called after each request; nil is nobody. It may be called by
	// many goroutines at once, and must not block.
	Event func(Event)

	now func() time.Time // of the limits; nil is time.Now
}

// Event is a request that was answered. There is no code, password, secret or
// query in it.
type Event struct {
	Method string
	Route  string // with names in place of values, for example "/v1/tokens/{serial}"; "" is none
	Status int
	Took   time.Duration
	Source string // network address without port
	Caller string // for example "user alice" or "key k1"; "" is unknown
	Err    error  // what is behind a 500 or 503; nil is nothing
	Stack  []byte // where it panicked; nil: it did not
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

// New returns the interface of a bank. Seed files and the audit log may be large: the
// HTTP server must end transfers that stand still, and none that go on.
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
	s.desk()
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

// config is huma's, without its global defaults: no schema links in answers, and
// no page of documentation, which would load scripts from elsewhere.
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
		Formats:                      map[string]huma.Format{"application/json": strictJSON, "json": strictJSON},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{hideValues},
	}
}

const description = "One-time passwords of hardware tokens, by the rules of the bank. " +
	"A refused code is answered with 200 and always the same words. " +
	"Lists come in pages: give next of one as after of the following one. " +
	"Times are UTC; expiry dates are days in Japan."
