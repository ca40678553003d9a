// SPDX-License-Identifier: Apache-2.0

package weblogin

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
)

const (
	sessionLife = 30 * 24 * time.Hour
	linkLife    = time.Hour
	maxLinks    = 100
	maxEnded    = 10_000 // sessions
)

// sessions are the links and the cookies of browsers. A session that was ended by a logout
// is not valid again in this process.
type sessions struct {
	name string // of the program, in cookies
	key  string
	now  func() time.Time

	mu    sync.Mutex
	links map[[sha256.Size]byte]time.Time // by hash: when they expire
	ended map[[sha256.Size]byte]time.Time // sessions, in the same way
}

// newLink returns the path of a link that works once.
func (s *sessions) newLink() (path string, expires time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for hash, until := range s.links {
		if !now.Before(until) || len(s.links) >= maxLinks {
			delete(s.links, hash)
		}
	}
	code := rand.Text()
	expires = now.Add(linkLife)
	s.links[sha256.Sum256([]byte(code))] = expires
	return LoginPath + "/" + code, expires
}

// renewLink returns the path of a link that works: the given one, or a new one if that was
// used or is old.
func (s *sessions) renewLink(path string) string {
	s.mu.Lock()
	until, ok := s.links[sha256.Sum256([]byte(strings.TrimPrefix(path, LoginPath+"/")))]
	s.mu.Unlock()
	if ok && s.now().Add(linkLife/2).Before(until) {
		return path
	}
	path, _ = s.newLink()
	return path
}

// useLink reports whether a code is good, which it is only once.
func (s *sessions) useLink(code string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := sha256.Sum256([]byte(code))
	until, ok := s.links[hash]
	delete(s.links, hash)
	return ok && s.now().Before(until)
}

// mac authenticates a session.
func (s *sessions) mac(session []byte) []byte {
	m := hmac.New(sha256.New, []byte(s.key))
	m.Write([]byte("fob " + s.name + " session\x00"))
	m.Write(session)
	return m.Sum(nil)
}

// cookieName returns the name of the cookie, which browsers send to all ports of a host.
func (s *sessions) cookieName(r *http.Request) string {
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		return "fob-" + s.name + "-" + port
	}
	return "fob-" + s.name
}

func (s *sessions) setCookie(w http.ResponseWriter, r *http.Request, value string, life time.Duration) {
	c := &http.Cookie{
		Name: s.cookieName(r), Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// begin gives the browser a session.
func (s *sessions) begin(w http.ResponseWriter, r *http.Request) {
	session := binary.BigEndian.AppendUint64(nil, uint64(s.now().Add(sessionLife).Unix()))
	session = append(session, rand.Text()...)
	s.setCookie(w, r, base64.RawURLEncoding.EncodeToString(append(session, s.mac(session)...)), sessionLife)
}

// has reports whether the request is from a browser with a session.
func (s *sessions) has(r *http.Request) bool {
	hash, _, ok := s.session(r)
	if !ok {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ended := s.ended[hash]
	return !ended
}

// end ends the session of a request, also for a browser that has a copy of the cookie.
func (s *sessions) end(w http.ResponseWriter, r *http.Request) {
	defer s.setCookie(w, r, "", 0)
	hash, expires, ok := s.session(r)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	var oldest [sha256.Size]byte
	for h, until := range s.ended {
		if !now.Before(until) {
			delete(s.ended, h)
		} else if first, ok := s.ended[oldest]; !ok || until.Before(first) {
			oldest = h
		}
	}
	if len(s.ended) >= maxEnded {
		delete(s.ended, oldest)
	}
	s.ended[hash] = expires
}

// session returns the hash of the session in a cookie of this key, and when it expires.
func (s *sessions) session(r *http.Request) (hash [sha256.Size]byte, expires time.Time, ok bool) {
	c, err := r.Cookie(s.cookieName(r))
	if err != nil {
		return hash, expires, false
	}
	b, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || len(b) <= 8+sha256.Size {
		return hash, expires, false
	}
	session, mac := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	expires = time.Unix(int64(binary.BigEndian.Uint64(session)), 0)
	return sha256.Sum256(session), expires, s.key != "" && hmac.Equal(mac, s.mac(session)) && s.now().Before(expires)
}
