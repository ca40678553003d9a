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
	s.makeRoom(s.links, maxLinks)
	code := rand.Text()
	expires = s.now().Add(linkLife)
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
	given := s.given(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	for hash := range given {
		if _, ended := s.ended[hash]; !ended {
			return true
		}
	}
	return false
}

// end ends the session of a request, also for a browser that has a copy of the cookie.
func (s *sessions) end(w http.ResponseWriter, r *http.Request) {
	defer s.setCookie(w, r, "", 0)
	given := s.given(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	for hash, expires := range given {
		s.makeRoom(s.ended, maxEnded)
		s.ended[hash] = expires
	}
}

// given returns the sessions of this key that the cookies of a request have, by hash, and
// when they expire. A page on another port of the host can add cookies of the same name.
func (s *sessions) given(r *http.Request) map[[sha256.Size]byte]time.Time {
	given := map[[sha256.Size]byte]time.Time{}
	for _, c := range r.CookiesNamed(s.cookieName(r)) {
		b, err := base64.RawURLEncoding.DecodeString(c.Value)
		if err != nil || len(b) <= 8+sha256.Size {
			continue
		}
		session, mac := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
		expires := time.Unix(int64(binary.BigEndian.Uint64(session)), 0)
		if s.key != "" && hmac.Equal(mac, s.mac(session)) && s.now().Before(expires) {
			given[sha256.Sum256(session)] = expires
		}
	}
	return given
}

// makeRoom removes expired entries from a list, and if it is full the one that expires first.
func (s *sessions) makeRoom(list map[[sha256.Size]byte]time.Time, most int) {
	now := s.now()
	var first [sha256.Size]byte
	for hash, until := range list {
		if !now.Before(until) {
			delete(list, hash)
		} else if soonest, ok := list[first]; !ok || until.Before(soonest) {
			first = hash
		}
	}
	if len(list) >= most {
		delete(list, first)
	}
}
