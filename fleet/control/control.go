// SPDX-License-Identifier: Apache-2.0

// Package control is the HTTP interface to a running fleet: time, tokens, buttons and
// displays, faults, ports, snapshots and events.
//
//	http.Serve(listener, control.New(f, control.Options{Key: key}))
//
// Answers about a token are atomic: they carry the number of the newest event then, the
// world's time, the token's time, and the error between the two.
package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/strictjson"
	"github.com/d204ef64/fob/internal/webapi"
	"github.com/d204ef64/fob/virtual"
)

// Options configure the interface.
type Options struct {
	Key     string // the API key that clients send as a bearer token; required, see CheckKey
	Version string // of the program

	BodyTimeout time.Duration // how long a request's body may take to arrive; 0: 10 s

	// AllowSeedExport allows seeds to be read: the export of seed files, and snapshots
	// as files.
	AllowSeedExport bool

	// Session reports whether a request is from a browser that has logged in to a page of
	// this program, and that is not on the page of another site. Such a request needs no
	// API key. It may be nil.
	Session func(*http.Request) bool

	// NewLink returns the path of a link that logs a browser in to the fleet's page, and
	// when the link expires. It may be nil.
	NewLink func() (path string, expires time.Time)

	// KnownHost reports whether the interface may be reached under a host name or an
	// address. It is asked about those that a request names in its Host header, except
	// localhost, loopback addresses, and the address at which the connection arrived.
	// Other hosts are refused, because a page on the web could make a browser send
	// requests to a name that leads here (DNS rebinding). With nil, all other hosts are refused.
	KnownHost func(host string) bool
}

// ErrKey is the error of an API key that no client can send.
var ErrKey = errclass.New(errclass.Usage, "unusable API key")

// CheckKey returns an error if a text cannot be an API key: a header can carry visible
// ASCII characters (RFC 6750 section 2.1, RFC 9110 section 5.5). The error does not
// contain the text.
func CheckKey(key string) error {
	why := ""
	switch {
	case key == "":
		why = "it is empty"
	case strings.ContainsAny(key, "\r\n"):
		why = "it has more than one line"
	case strings.ContainsAny(key, " \t"):
		why = "it contains a space"
	case strings.ContainsFunc(key, func(r rune) bool { return r < '!' || r > '~' }):
		why = "it contains a character that is not visible ASCII"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s: make one with openssl rand -base64 24", ErrKey, why)
}

const maxBody = 1 << 20 // bytes of a request, except a snapshot

type server struct {
	fleet *fleet.Fleet
	o     Options
	api   huma.API

	offers map[string][]string // by operation: the media types of its answers, the default first

	reading chan struct{} // full while a recorded wire is written in another form
}

// New returns the HTTP interface of a fleet. A server that cancels the contexts of its
// requests with the cause [ErrEnded] ends waits with a problem, and streams with an event.
func New(f *fleet.Fleet, o Options) http.Handler {
	s := &server{fleet: f, o: o, reading: make(chan struct{}, 1)}
	mux := http.NewServeMux()
	s.register(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { webapi.Unrouted(mux, w, r, ": see /openapi.json") })
	return s.admit(mux)
}

// register adds all operations to a mux.
func (s *server) register(mux *http.ServeMux) {
	s.api = humago.New(mux, s.config())
	s.api.UseMiddleware(s.checked)
	s.about()
	s.time()
	s.tokens()
	s.buttons()
	s.codes()
	s.hardware()
	s.forecast()
	s.waits()
	s.ports()
	s.snapshots()
	s.events()
	s.links()
	s.offers = describe(s.api.OpenAPI())
}

func (s *server) config() huma.Config {
	reg := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "A fleet of tokens", Version: "v1", Description: description},
			Components: &huma.Components{
				Schemas: reg,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer": {Type: "http", Scheme: "bearer", Description: "the API key of the ready line"},
				},
			},
			Security: []map[string][]string{{"bearer": {}}},
			Tags:     tags,
		},
		Formats: map[string]huma.Format{
			"application/json": strictjson.Format, "json": strictjson.Format,
			"application/x-www-form-urlencoded": strictjson.Format, // curl -d sends this with any body
		},
		DefaultFormat:                "application/json",
		OpenAPIPath:                  "/openapi",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{s.explain},
	}
}

// admit lets requests in that name a known host and have the key.
func (s *server) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if !webapi.KnownHost(r, s.o.KnownHost) {
			newProblem(http.StatusMisdirectedRequest, "unknown_host",
				"the interface is not reached under the host name of this request: use the address of the ready line").Write(w)
			return
		}
		if r.URL.Path == "/v1/healthz" {
			next.ServeHTTP(w, r)
			return
		}
		hasKey := webapi.HasKey(r, s.o.Key)
		if !hasKey && (s.o.Session == nil || !s.o.Session(r)) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="fleet"`)
			newProblem(http.StatusUnauthorized, "unauthorized",
				"send the API key of the ready line, as Authorization: Bearer KEY").Write(w)
			return
		}
		if err := s.fleet.Err(); err != nil { // the fleet is about to end
			var p *problem
			if errors.As(fault(err), &p) {
				p.Write(w)
				return
			}
		}
		if !webapi.IsClean(r.URL) {
			newProblem(http.StatusNotFound, "not_found", "the path has an empty or a dot segment: is the name of a token or a port missing?").Write(w)
			return
		}
		if !hasKey {
			goesOn := func() bool { return s.o.Session(r) }
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), sessionKey{}, goesOn)))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// sessionKey is the context key of a function that reports whether the session by which a
// request was admitted goes on.
type sessionKey struct{}

// allowed returns the function for [webapi.Stream]: a stream ends with its session.
func allowed(ctx context.Context) func() bool {
	f, _ := ctx.Value(sessionKey{}).(func() bool)
	return f
}

type nothing struct{}

type body[T any] struct{ Body T }

type empty struct{}

// capabilities describes this fleet.
type capabilities struct {
	Version    string   `json:"version" doc:"of fob" example:"v1.4.0"`
	WorldSeed  string   `json:"world_seed" doc:"the same seed and the same calls give the same events"`
	Profiles   []string `json:"profiles" doc:"kinds of token that a lot can have"`
	Crystals   []string `json:"crystals" doc:"kinds of crystal that a lot can have"`
	States     []string `json:"states" doc:"of a token, in the order of its life"`
	Events     []string `json:"events" doc:"kinds of event in the log"`
	Ports      []string `json:"ports" doc:"kinds of port"`
	Tokens     int      `json:"tokens" doc:"in the fleet"`
	MaxTokens  int      `json:"max_tokens" doc:"that a fleet can have"`
	SeedExport bool     `json:"seed_export" doc:"seeds can be read"`

	Faults      []fleet.FaultKind `json:"faults" doc:"kinds of fault of a token"`
	EventValues map[string]string `json:"event_values" doc:"what value counts in events of a kind, with its unit; a kind without a value is left out"`
}

type health struct {
	OK bool `json:"ok" doc:"always true"`
}

func (s *server) about() {
	get(s, "/v1/healthz", "health", "Whether the server answers; without a key", func(*nothing) (*body[health], error) {
		return &body[health]{health{true}}, nil
	})
	get(s, "/v1/capabilities", "capabilities", "What this fleet can do", func(*nothing) (*body[capabilities], error) {
		c := capabilities{
			Version: s.o.Version, WorldSeed: seedText(s.fleet.World().Seed()),
			Crystals: fleet.Crystals(), Profiles: fleet.Profiles(), Faults: fleet.FaultKinds(),
			Events: []string{}, EventValues: map[string]string{}, Ports: portKinds,
			Tokens: s.fleet.Len(), MaxTokens: fleet.MaxCount, SeedExport: s.o.AllowSeedExport,
		}
		for _, st := range fleet.States() {
			c.States = append(c.States, st.String())
		}
		for _, k := range virtual.EventKinds() {
			c.Events = append(c.Events, k.String())
			if meaning := k.Meaning(); meaning != "" {
				c.EventValues[k.String()] = meaning
			}
		}
		return &body[capabilities]{c}, nil
	})
}

// readTimeout is the default of Options.BodyTimeout.
const readTimeout = 10 * time.Second
