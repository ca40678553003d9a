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
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/strictjson"
	"github.com/d204ef64/fob/token"
)

// Options configure the interface.
type Options struct {
	Key     string // the API key that clients send as a bearer token; required
	Version string // of the program

	// AllowSeedExport allows seeds to be read: the export of seed files, and snapshots
	// as files.
	AllowSeedExport bool

	// Hosts are the names, besides the loopback addresses and localhost, under which the
	// interface may be reached. Others are refused, because a page on the web could make
	// a browser send requests to a name that leads here (DNS rebinding).
	Hosts []string
}

const maxBody = 1 << 20 // bytes of a request, except a snapshot

type server struct {
	fleet *fleet.Fleet
	o     Options
	api   huma.API
}

// New returns the HTTP interface of a fleet.
func New(f *fleet.Fleet, o Options) http.Handler {
	s := &server{fleet: f, o: o}
	mux := http.NewServeMux()
	s.api = humago.New(mux, config(o))
	s.about()
	s.time()
	s.tokens()
	s.buttons()
	s.codes()
	s.hardware()
	s.waits()
	s.ports()
	s.snapshots()
	s.events()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, newProblem(http.StatusNotFound, "not_found",
			"there is no "+r.Method+" of this path: see /openapi.json"))
	})
	return s.admit(mux)
}

func config(o Options) huma.Config {
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
		},
		Formats:                      map[string]huma.Format{"application/json": strictjson.Format, "json": strictjson.Format},
		DefaultFormat:                "application/json",
		OpenAPIPath:                  "/openapi",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{withCode},
	}
}

const description = "Virtual hardware tokens under test. A {token} is a serial number or a hardware id of " +
	"16 hexadecimal digits. Periods are ISO 8601 (P2Y6M, PT90S) or like 1h30m. Times are UTC. " +
	"Answers about a token are atomic: seq is the number of the newest event that they reflect."

// admit lets requests in that name a known host and have the key.
func (s *server) admit(next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(s.o.Key))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if !s.knownHost(r.Host) {
			writeProblem(w, newProblem(http.StatusMisdirectedRequest, "unknown_host",
				"the interface is not reached under the host name of this request: use the address of the ready line"))
			return
		}
		if r.URL.Path == "/v1/healthz" {
			next.ServeHTTP(w, r)
			return
		}
		key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		got := sha256.Sum256([]byte(key))
		if !ok || s.o.Key == "" || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="fleet"`)
			writeProblem(w, newProblem(http.StatusUnauthorized, "unauthorized",
				"send the API key of the ready line, as Authorization: Bearer KEY"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// knownHost reports whether a Host header names this server.
func (s *server) knownHost(header string) bool {
	name := header
	if host, _, err := net.SplitHostPort(header); err == nil {
		name = host
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	if ip := net.ParseIP(name); ip != nil && ip.IsLoopback() || name == "localhost" {
		return true
	}
	for _, h := range s.o.Hosts {
		if strings.EqualFold(h, name) {
			return true
		}
	}
	return false
}

type nothing struct{}

type body[T any] struct{ Body T }

type empty struct{}

// capabilities is what this fleet can do.
type capabilities struct {
	Version    string   `json:"version"`
	WorldSeed  string   `json:"world_seed" doc:"the same seed and the same calls give the same events"`
	Profiles   []string `json:"profiles"`
	Crystals   []string `json:"crystals"`
	Events     []string `json:"events"`
	Ports      []string `json:"ports" doc:"kinds of port"`
	Tokens     int      `json:"tokens" doc:"in the fleet"`
	MaxTokens  int      `json:"max_tokens"`
	SeedExport bool     `json:"seed_export"`
}

type health struct {
	OK bool `json:"ok"`
}

func (s *server) about() {
	get(s, "/v1/healthz", "health", "Whether the server answers; without a key", func(*nothing) (*body[health], error) {
		return &body[health]{health{true}}, nil
	})
	get(s, "/v1/capabilities", "capabilities", "What this fleet can do", func(*nothing) (*body[capabilities], error) {
		c := capabilities{
			Version: s.o.Version, WorldSeed: seedText(s.fleet.World().Seed()),
			Crystals: []string{
				fleet.CrystalModel, fleet.CrystalPerfect, fleet.CrystalGood, fleet.CrystalC200, fleet.CrystalUntrimmed,
			},
			Events: eventNames(), Ports: portKinds,
			Tokens: s.fleet.Len(), MaxTokens: fleet.MaxCount, SeedExport: s.o.AllowSeedExport,
		}
		for _, p := range token.Profiles() {
			c.Profiles = append(c.Profiles, p.Name)
		}
		return &body[capabilities]{c}, nil
	})
}

func writeProblem(w http.ResponseWriter, p *problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// readTimeout is how long a request's body may take to arrive.
const readTimeout = 10 * time.Second
