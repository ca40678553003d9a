// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"sync"

	"github.com/alexedwards/argon2id"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/store"
)

// How long a session lasts, and how long it lasts unused.
const (
	SessionLasts token.UnixSeconds = 8 * 3600
	SessionIdle  token.UnixSeconds = 15 * 60
)

// How many wrong passwords in a row a login takes before it makes whoever comes
// next wait: a second, two, four, up to a quarter of an hour. A login that is
// known is so not guessed, and not shut either.
const (
	freeLogins   = 5
	longestWait  = 15 * 60
	mostWatched  = 10_000 // logins of whom failures are remembered
	hashesAtOnce = 4      // each takes 19 MiB
)

// argon holds the parameters that OWASP's Password Storage Cheat Sheet gives.
var argon = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// cheap are those of [Options.InsecureCheapPasswords].
var cheap = &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// logins guards what logging in costs.
type logins struct {
	once  sync.Once
	cost  *argon2id.Params
	slots chan struct{}
	decoy string // the hash of no password, for logins that are not there

	mu     sync.Mutex
	failed map[string]failure
}

type failure struct {
	times int
	until token.UnixSeconds
}

func (l *logins) init() {
	l.slots = make(chan struct{}, hashesAtOnce)
	l.failed = map[string]failure{}
	l.decoy, _ = argon2id.CreateHash(rand.Text(), l.cost)
}

// slot waits for the right to compute a hash.
func (l *logins) slot(ctx context.Context) (func(), error) {
	l.once.Do(l.init)
	select {
	case l.slots <- struct{}{}:
		return func() { <-l.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *logins) hash(ctx context.Context, password string) (string, error) {
	done, err := l.slot(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return argon2id.CreateHash(password, l.cost)
}

// try compares a password with a hash, unless the login has to wait, and remembers
// how it went; "" is the hash of nobody, and takes as long. Of many who come at once
// no more get through than there are slots.
func (l *logins) try(ctx context.Context, who, password, hash string, now token.UnixSeconds) (ok bool, err error) {
	if l.waits(who, now) {
		return false, errLogin()
	}
	done, err := l.slot(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	if l.waits(who, now) { // because of those who were before in the queue
		return false, errLogin()
	}
	defer func() { l.tried(who, ok, now) }()
	there := hash != ""
	if !there {
		hash = l.decoy
	}
	same, err := argon2id.ComparePasswordAndHash(password, hash)
	return same && there && err == nil, nil
}

// waits reports whether a login has to wait.
func (l *logins) waits(who string, now token.UnixSeconds) bool {
	l.once.Do(l.init)
	l.mu.Lock()
	defer l.mu.Unlock()
	return now < l.failed[who].until
}

// tried remembers how a login went.
func (l *logins) tried(who string, ok bool, now token.UnixSeconds) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ok {
		delete(l.failed, who)
		return
	}
	f := l.failed[who]
	f.times++
	if over := f.times - freeLogins; over > 0 {
		f.until = now + min(token.UnixSeconds(1)<<min(over-1, 20), longestWait)
	}
	if len(l.failed) >= mostWatched {
		for other := range l.failed { // any: the order of a map is random
			delete(l.failed, other)
			break
		}
	}
	l.failed[who] = f
}

func checkPassword(p string) error {
	if n := len([]rune(p)); n < 12 || n > 128 || len(p) > 512 {
		return invalid("password", "want 12 to 128 characters")
	}
	return nil
}

// errLogin is what is said whatever was wrong.
func errLogin() error {
	return &Error{Kind: ErrLogin, Problem: "the user or the password is wrong, or the login is shut for a while"}
}

// LogIn checks the password of a user. The error wraps [ErrLogin], and is the
// same, whatever was wrong.
func (b *Bank) LogIn(ctx context.Context, by By, user, password string) (Session, error) {
	return b.logIn(ctx, By{User: user, Front: by.Front, Source: by.Source}, password)
}

// LogInClerk checks the password of a clerk, like [Bank.LogIn].
func (b *Bank) LogInClerk(ctx context.Context, by By, clerk, password string) (Session, error) {
	return b.logIn(ctx, By{Clerk: clerk, Front: by.Front, Source: by.Source}, password)
}

func (b *Bank) logIn(ctx context.Context, by By, password string) (Session, error) {
	if len(password) > 512 || len(by.User)+len(by.Clerk) > 64 {
		return Session{}, errLogin()
	}
	now := b.Now()
	who := "user " + by.User
	if by.Clerk != "" {
		who = "clerk " + by.Clerk
	}
	hash, contract, there, err := b.passwordOf(ctx, by)
	if err != nil {
		return Session{}, err
	}
	ok, err := b.logins.try(ctx, who, password, hash, now)
	if err != nil {
		return Session{}, err
	}
	s := store.SessionRow{Session: Session{User: by.User, Clerk: by.Clerk, Started: now, Ends: now + SessionLasts}, Seen: now}
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		r := by.note(now, "log in", 0, noSerial, contract, "")
		if !ok {
			r.Done, r.Reason = false, "wrong password"
			if !there { // the name may be a password, in the wrong field
				r.User, r.Clerk, r.Reason = "", "", "unknown user"
			}
			tx.AddAudit(r)
			return nil
		}
		tx.AddAudit(r)
		s.Token = secret("fobs_")
		return tx.AddSession(s, hashOf(s.Token))
	})
	if err == nil && !ok {
		err = errLogin()
	}
	if err != nil {
		return Session{}, err
	}
	return s.Session, nil
}

// passwordOf returns the hash of who may log in, "" for nobody, and whether there
// is such a user or clerk.
func (b *Bank) passwordOf(ctx context.Context, by By) (hash, contract string, there bool, err error) {
	err = b.db.View(ctx, func(tx *store.Tx) error {
		var locked bool
		var err error
		if by.Clerk != "" {
			var c store.Clerk
			c, err = tx.Clerk(by.Clerk)
			hash, locked = c.Password, c.Locked
		} else {
			var u store.UserRow
			u, err = tx.User(by.User)
			hash, locked, contract = u.Password, u.Locked, u.Contract
		}
		if locked {
			hash = ""
		}
		there = err == nil
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	return hash, contract, there, err
}

// Session returns who holds a session's secret. The error wraps [ErrLogin] when it
// is over, or was none.
func (b *Bank) Session(ctx context.Context, secret string) (Session, error) {
	if !strings.HasPrefix(secret, "fobs_") || len(secret) > 100 {
		return Session{}, &Error{Kind: ErrLogin, Problem: "log in first"}
	}
	hash := hashOf(secret)
	now := b.Now()
	var s store.SessionRow
	err := b.db.View(ctx, func(tx *store.Tx) (err error) {
		s, err = tx.Session(hash)
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && (now >= s.Ends || now >= s.Seen+SessionIdle || now < s.Started):
		return Session{}, &Error{Kind: ErrLogin, Problem: "the session is over: log in again"}
	case err != nil:
		return Session{}, err
	}
	if now >= s.Seen+60 {
		err = b.db.Grouped(ctx, "session "+hex.EncodeToString(hash), func(tx *store.Tx) error {
			return tx.TouchSession(hash, now)
		})
	}
	return s.Session, err
}

// LogOut ends a session.
func (b *Bank) LogOut(ctx context.Context, secret string) error {
	return b.db.Update(ctx, func(tx *store.Tx) error { return tx.DropSession(hashOf(secret)) })
}

// ChangePassword changes the own password of a user or clerk, and ends all
// sessions of his. A wrong old one is an error that wraps [ErrLogin].
func (b *Bank) ChangePassword(ctx context.Context, by By, old, fresh string) error {
	if err := checkPassword(fresh); err != nil {
		return err
	}
	now := b.Now()
	who := "user " + by.User
	if by.Clerk != "" {
		who = "clerk " + by.Clerk
	}
	have, contract, _, err := b.passwordOf(ctx, by)
	if err != nil {
		return err
	}
	ok, err := b.logins.try(ctx, who, old, have, now)
	if err != nil {
		return err
	}
	if !ok {
		return errLogin()
	}
	hash, err := b.logins.hash(ctx, fresh)
	if err != nil {
		return err
	}
	return b.db.Update(ctx, func(tx *store.Tx) error {
		tx.AddAudit(by.note(now, "change password", 0, noSerial, contract, ""))
		if err := tx.DropSessions(by.User, by.Clerk, nil); err != nil {
			return err
		}
		if by.Clerk != "" {
			c, err := tx.Clerk(by.Clerk)
			if err != nil {
				return err
			}
			c.Password = hash
			return tx.PutClerk(c)
		}
		// Whoever changes users of the contract waits, or is waited for.
		if _, err := tx.Contract(contract); err != nil {
			return err
		}
		u, err := tx.User(by.User)
		if err != nil {
			return err
		}
		u.Password = hash
		return tx.PutUser(u)
	})
}

// AddClerk adds a clerk. The first may be added by anybody who has the database
// and its key.
func (b *Bank) AddClerk(ctx context.Context, by By, id, name, password string) error {
	if err := by.desk(); err != nil {
		return err
	}
	if err := firstOf(checkUserID(id), text("name", name, 1, 100), checkPassword(password)); err != nil {
		return err
	}
	hash, err := b.logins.hash(ctx, password)
	if err != nil {
		return err
	}
	now := b.Now()
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		tx.AddAudit(by.note(now, "add clerk", 0, noSerial, "", id))
		return tx.AddClerk(store.Clerk{ID: id, Name: name, Password: hash, Created: now})
	})
	if errors.Is(err, store.ErrExists) {
		err = conflict("clerk %q exists already", id)
	}
	return err
}

// secret returns 256 random bits as text.
func secret(prefix string) string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return prefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// hashOf returns what the store knows of a secret: enough to find it, too little to
// use it.
func hashOf(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}
