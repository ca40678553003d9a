// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"sync"

	"github.com/alexedwards/argon2id"

	"github.com/d204ef64/fob/internal/ratelimit"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// Lifetime of a session, and its lifetime without use.
const (
	SessionLasts token.UnixSeconds = 8 * 3600
	SessionIdle  token.UnixSeconds = 15 * 60
)

// freeLogins is the number of wrong passwords in a row that a login accepts from one
// source. Then that source must wait: a second, two, four, up to a quarter of an hour.
// This prevents guessing, but does not lock out the owner when another person enters
// wrong passwords on purpose. If wrong passwords come from many sources, more than
// freeAnywhere in total, other sources must wait too, except those from which the owner
// has logged in before.
const (
	freeLogins   = 5
	freeAnywhere = 100
	longestWait  = 15 * 60
	mostWatched  = 10_000 // number of logins and sources remembered
	hashesAtOnce = 4      // each takes 19 MiB
)

// argon holds the parameters from OWASP's Password Storage Cheat Sheet.
var argon = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// cheap holds the parameters for [Options.InsecureCheapPasswords].
var cheap = &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// logins limits the cost and the rate of logins.
type logins struct {
	once  sync.Once
	cost  *argon2id.Params
	slots chan struct{}
	decoy string // hash of a random password, for logins that do not exist

	mu     sync.Mutex
	failed map[attempt]failure
}

// An attempt identifies a login and its source. Without a source, it stands for all
// sources.
type attempt struct{ who, source string }

type failure struct {
	times int
	since token.UnixSeconds // when the wait began
	until token.UnixSeconds // when the wait ends
	good  bool              // the last attempt was right
}

// attemptOf returns the login and source of a request. The source of an IPv6 address is
// its /64, which is one customer's.
func attemptOf(by By) attempt {
	a := attempt{who: "user " + by.User, source: ratelimit.SourceText(by.Source)}
	if by.Clerk != "" {
		a.who = "clerk " + by.Clerk
	}
	return a
}

func (l *logins) init() {
	l.slots = make(chan struct{}, hashesAtOnce)
	l.failed = map[attempt]failure{}
	l.decoy, _ = argon2id.CreateHash(rand.Text(), l.cost)
}

// slot waits for a free slot to compute a hash.
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

// matches compares a password with a hash, and remembers the result. For the hash "" it
// compares with a decoy, which takes as long, and returns false. A login that has to
// wait is refused without a comparison. This is checked again here, after waiting for a
// slot, since many requests may come at once.
func (l *logins) matches(ctx context.Context, a attempt, password, hash string, now token.UnixSeconds) (bool, error) {
	done, err := l.slot(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	if l.waits(a, now) {
		return false, errLogin()
	}
	there := hash != ""
	if !there {
		hash = l.decoy
	}
	same, err := argon2id.ComparePasswordAndHash(password, hash)
	ok := same && there && err == nil
	l.tried(a, ok, now)
	return ok, nil
}

// waits reports whether a login has to wait.
func (l *logins) waits(a attempt, now token.UnixSeconds) bool {
	l.once.Do(l.init)
	l.mu.Lock()
	defer l.mu.Unlock()
	here := l.failed[a]
	return here.waits(now) || !here.good && l.failed[attempt{who: a.who}].waits(now)
}

// tried remembers the result of a login.
func (l *logins) tried(a attempt, ok bool, now token.UnixSeconds) {
	l.mu.Lock()
	defer l.mu.Unlock()
	anywhere := attempt{who: a.who}
	if ok {
		delete(l.failed, anywhere)
		l.keepLocked(a, failure{good: true})
		return
	}
	if a != anywhere {
		l.keepLocked(a, l.failed[a].next(freeLogins, now))
	}
	l.keepLocked(anywhere, l.failed[anywhere].next(freeAnywhere, now))
}

// next counts one more wrong password. The first free ones cause no wait.
func (f failure) next(free int, now token.UnixSeconds) failure {
	f.times++
	if over := f.times - free; over > 0 {
		f.since = now
		f.until = now + min(token.UnixSeconds(1)<<min(over-1, 20), longestWait)
	}
	return f
}

// waits reports whether the wait is in progress. A wait that begins in the future comes
// from a clock that had jumped ahead. It is ignored, because it could last for years.
func (f failure) waits(now token.UnixSeconds) bool { return f.since <= now && now < f.until }

// keepLocked remembers the result of an attempt. If the map is full, it drops another
// one. The caller must hold mu.
func (l *logins) keepLocked(a attempt, f failure) {
	if _, there := l.failed[a]; !there && len(l.failed) >= mostWatched {
		for other := range l.failed { // any entry: map order is random
			delete(l.failed, other)
			break
		}
	}
	l.failed[a] = f
}

func checkPassword(p string) error {
	if n := len([]rune(p)); n < 12 || n > 128 || len(p) > 512 {
		return invalid("password", "want 12 to 128 characters")
	}
	return nil
}

// errLogin returns the same error for every cause.
func errLogin() error {
	return &Error{Kind: ErrLogin, Problem: "wrong user or password, or too many attempts: try again later"}
}

// LogIn checks the password of a user. The error wraps [ErrLogin], and is the same for
// every cause.
func (b *Bank) LogIn(ctx context.Context, by By, user, password string) (Session, error) {
	return b.logIn(ctx, By{User: user, Channel: by.Channel, Source: by.Source}, password)
}

// LogInClerk checks the password of a clerk, like [Bank.LogIn].
func (b *Bank) LogInClerk(ctx context.Context, by By, clerk, password string) (Session, error) {
	return b.logIn(ctx, By{Clerk: clerk, Channel: by.Channel, Source: by.Source}, password)
}

func (b *Bank) logIn(ctx context.Context, by By, password string) (Session, error) {
	if len(password) > 512 || len(by.User)+len(by.Clerk) > 64 {
		return Session{}, errLogin()
	}
	now, from := b.Now(), attemptOf(by)
	if b.logins.waits(from, now) {
		return Session{}, b.mustWait(ctx, by, validator.ActLogIn)
	}
	hash, contract, there, err := b.passwordOf(ctx, by)
	if err != nil {
		return Session{}, err
	}
	right, err := b.logins.matches(ctx, from, password, hash, now)
	if errors.Is(err, ErrLogin) {
		err = b.mustWait(ctx, by, validator.ActLogIn)
	}
	if err != nil {
		return Session{}, err
	}
	ok := false
	s := store.SessionRow{Session: Session{User: by.User, Clerk: by.Clerk, Started: now, Ends: now + SessionLasts}, Seen: now}
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		r := by.note(now, validator.ActLogIn, 0, noSerial, contract, "")
		if ok = right; ok { // the comparison takes long, and the login may have been locked meanwhile
			var err error
			if ok, err = unchanged(tx, by, hash); err != nil {
				return err
			}
		}
		if !ok {
			why := validator.ReasonWrongPassword
			if !there { // the name may be a password, typed into the wrong field
				r.User, r.Clerk, why = "", "", validator.ReasonUnknownUser
			}
			tx.AddAudit(refused(r, why))
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

// mustWait records that a password was not checked because its login has to wait, and
// returns the error for the caller.
func (b *Bank) mustWait(ctx context.Context, by By, act validator.Act) error {
	_, contract, there, err := b.passwordOf(ctx, by)
	if err != nil {
		return err
	}
	if !there { // the name may be a password, typed into the wrong field
		by.User, by.Clerk = "", ""
	}
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		tx.AddAudit(refused(by.note(b.Now(), act, 0, noSerial, contract, ""), validator.ReasonMustWait))
		return nil
	})
	return cmp.Or(err, errLogin())
}

// unchanged reports whether the compared password is still valid and the login is not
// locked. It remains so until the transaction ends: changes of a user begin by locking
// the contract.
func unchanged(tx *store.Tx, by By, hash string) (bool, error) {
	if by.Clerk != "" {
		c, err := tx.Clerk(by.Clerk)
		return err == nil && !c.Locked && c.Password == hash, ignoreNotFound(err)
	}
	u, err := tx.User(by.User)
	if err == nil {
		_, err = tx.Contract(u.Contract)
	}
	if err == nil {
		u, err = tx.User(by.User)
	}
	return err == nil && !u.Locked && u.Password == hash, ignoreNotFound(err)
}

// ignoreNotFound returns nil for [store.ErrNotFound], and otherwise err.
func ignoreNotFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// passwordOf returns the password hash of a user or clerk, or "" if they cannot log in,
// and whether they exist.
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

// Session returns the session with a secret. The error wraps [ErrLogin] if it has ended
// or never existed.
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
		return Session{}, &Error{Kind: ErrLogin, Problem: "the session has expired: log in again"}
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

// ChangePassword changes a user's or clerk's own password, and ends all of their
// sessions. If the old password is wrong, the error wraps [ErrLogin].
func (b *Bank) ChangePassword(ctx context.Context, by By, old, fresh string) error {
	if err := checkPassword(fresh); err != nil {
		return err
	}
	now, from := b.Now(), attemptOf(by)
	if b.logins.waits(from, now) {
		return b.mustWait(ctx, by, validator.ActChangePassword)
	}
	have, contract, _, err := b.passwordOf(ctx, by)
	if err != nil {
		return err
	}
	ok, err := b.logins.matches(ctx, from, old, have, now)
	if err != nil {
		return err
	}
	if !ok {
		err := b.db.Update(ctx, func(tx *store.Tx) error {
			tx.AddAudit(refused(by.note(now, validator.ActChangePassword, 0, noSerial, contract, ""), validator.ReasonWrongPassword))
			return nil
		})
		return cmp.Or(err, errLogin())
	}
	hash, err := b.logins.hash(ctx, fresh)
	if err != nil {
		return err
	}
	return b.db.Update(ctx, func(tx *store.Tx) error {
		if ok, err := unchanged(tx, by, have); err != nil {
			return err
		} else if !ok {
			return errLogin()
		}
		tx.AddAudit(by.note(now, validator.ActChangePassword, 0, noSerial, contract, ""))
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
		u, err := tx.User(by.User)
		if err != nil {
			return err
		}
		u.Password = hash
		return tx.PutUser(u)
	})
}

// CheckClerk returns the [ErrInvalid] error that [Bank.AddClerk] would return. It is
// for callers that create a bank with its first clerk, and must validate the input
// beforehand.
func CheckClerk(id, name, password string) error {
	return firstOf(checkUserID(id), text("name", name, 1, 100), checkPassword(password))
}

// AddClerk adds a clerk. The operator, who has the database and its key, may add the
// first one.
func (b *Bank) AddClerk(ctx context.Context, by By, id, name, password string) error {
	if err := by.requireBackOffice(); err != nil {
		return err
	}
	if err := CheckClerk(id, name, password); err != nil {
		return err
	}
	hash, err := b.logins.hash(ctx, password)
	if err != nil {
		return err
	}
	now := b.Now()
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		tx.AddAudit(by.note(now, validator.ActAddClerk, 0, noSerial, "", id))
		return tx.AddClerk(store.Clerk{ID: id, Name: name, Password: hash, Created: now})
	})
	if errors.Is(err, store.ErrExists) {
		err = conflict("clerk %q already exists", id)
	}
	return err
}

// secret returns 256 random bits as text.
func secret(prefix string) string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return prefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// hashOf returns the hash of a secret that the store keeps. It is enough to find the
// secret, but not to use it.
func hashOf(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}
