// SPDX-License-Identifier: Apache-2.0

package page

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/d204ef64/fob/internal/webapi"
)

const (
	sessionLife = 30 * 24 * time.Hour
	linkLife    = time.Hour
	maxLinks    = 100
	maxEnded    = 10_000 // sessions
)

// access lets browsers and programs in. A program sends the API key. A browser gets a
// cookie for a link that works once, or for the key. The cookie is derived from the key:
// it is still valid after a restart with the same key. A session that was ended by a logout
// is not valid again in this process.
type access struct {
	key string
	now func() time.Time

	mu    sync.Mutex
	links map[[sha256.Size]byte]time.Time // by hash: when they expire
	ended map[[sha256.Size]byte]time.Time // sessions, in the same way
}

// newLink returns the path of a link that works once.
func (a *access) newLink() (path string, expires time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	for hash, until := range a.links {
		if !now.Before(until) || len(a.links) >= maxLinks {
			delete(a.links, hash)
		}
	}
	code := rand.Text()
	expires = now.Add(linkLife)
	a.links[sha256.Sum256([]byte(code))] = expires
	return loginPath + "/" + code, expires
}

// useLink reports whether a code is good, which it is only once.
func (a *access) useLink(code string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	hash := sha256.Sum256([]byte(code))
	until, ok := a.links[hash]
	delete(a.links, hash)
	return ok && a.now().Before(until)
}

// mac authenticates a session.
func (a *access) mac(session []byte) []byte {
	m := hmac.New(sha256.New, []byte(a.key))
	m.Write([]byte("fob line session\x00"))
	m.Write(session)
	return m.Sum(nil)
}

// cookieName returns the name of the cookie, which browsers send to all ports of a host.
func cookieName(r *http.Request) string {
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		return "fob-line-" + port
	}
	return "fob-line"
}

func (a *access) setCookie(w http.ResponseWriter, r *http.Request, value string, life time.Duration) {
	c := &http.Cookie{
		Name: cookieName(r), Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// begin gives the browser a session.
func (a *access) begin(w http.ResponseWriter, r *http.Request) {
	session := binary.BigEndian.AppendUint64(nil, uint64(a.now().Add(sessionLife).Unix()))
	session = append(session, rand.Text()...)
	a.setCookie(w, r, base64.RawURLEncoding.EncodeToString(append(session, a.mac(session)...)), sessionLife)
}

// hasSession reports whether the request is from a browser with a session.
func (a *access) hasSession(r *http.Request) bool {
	hash, _, ok := a.session(r)
	if !ok {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ended := a.ended[hash]
	return !ended
}

// end ends the session of a request, also for a browser that has a copy of the cookie.
func (a *access) end(w http.ResponseWriter, r *http.Request) {
	defer a.setCookie(w, r, "", 0)
	hash, expires, ok := a.session(r)
	if !ok {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	var oldest [sha256.Size]byte
	for h, until := range a.ended {
		if !now.Before(until) {
			delete(a.ended, h)
		} else if first, ok := a.ended[oldest]; !ok || until.Before(first) {
			oldest = h
		}
	}
	if len(a.ended) >= maxEnded {
		delete(a.ended, oldest)
	}
	a.ended[hash] = expires
}

// session returns the hash of the session in a cookie of this key, and when it expires.
func (a *access) session(r *http.Request) (hash [sha256.Size]byte, expires time.Time, ok bool) {
	c, err := r.Cookie(cookieName(r))
	if err != nil {
		return hash, expires, false
	}
	b, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || len(b) <= 8+sha256.Size {
		return hash, expires, false
	}
	session, mac := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	expires = time.Unix(int64(binary.BigEndian.Uint64(session)), 0)
	return sha256.Sum256(session), expires, a.key != "" && hmac.Equal(mac, a.mac(session)) && a.now().Before(expires)
}

const loginPath = "/login"

// isOpen reports whether a path needs neither the key nor a session.
func isOpen(r *http.Request) bool {
	p := r.URL.Path
	return p == "/v1/healthz" || p == loginPath || strings.HasPrefix(p, loginPath+"/") || p == languagePath || strings.HasPrefix(p, assetPath)
}

// isAPI reports whether a request is for the HTTP API.
func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/v1/") }

// admit lets requests in that name a known host and have the key or a session. Requests
// that another site made a browser send are refused.
func (s *server) admit(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		webapi.NewProblem(http.StatusForbidden, "cross_origin", "the request comes from the page of another site").Write(w)
	}))
	inside := cross.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		unclean := func() {
			webapi.NewProblem(http.StatusNotFound, "not_found", "the path has an empty or a dot segment: is the name of a station missing?").Write(w)
		}
		switch {
		case !webapi.IsClean(r.URL) && s.access.hasSession(r):
			s.missing(w, r, unclean)
		case !webapi.IsClean(r.URL):
			unclean()
		case isOpen(r):
			next.ServeHTTP(w, r)
		case isAPI(r):
			if !webapi.HasKey(r, s.o.Key) {
				w.Header().Set("WWW-Authenticate", `Bearer realm="line"`)
				webapi.NewProblem(http.StatusUnauthorized, "unauthorized", "send the API key, as Authorization: Bearer KEY").Write(w)
				return
			}
			next.ServeHTTP(w, r)
		case s.access.hasSession(r):
			next.ServeHTTP(w, r)
		case r.Method != http.MethodGet || strings.HasSuffix(r.URL.Path, livePath):
			http.Error(w, "log in at "+loginPath, http.StatusUnauthorized)
		default:
			http.Redirect(w, r, loginPath, http.StatusSeeOther)
		}
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !webapi.KnownHost(r, s.o.KnownHost) {
			webapi.NewProblem(http.StatusMisdirectedRequest, "unknown_host",
				"the line is not reached under the host name of this request: use the address that it printed").Write(w)
			return
		}
		inside.ServeHTTP(w, r)
	})
}
