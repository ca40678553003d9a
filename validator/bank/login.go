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

// How long a session lasts, and how long it lasts unused.
const (
	SessionLasts token.UnixSeconds = 8 * 3600
	SessionIdle  token.UnixSeconds = 15 * 60
)

// How many wrong passwords in a row a login takes from one source before that
// source waits: a second, two, four, up to a quarter of an hour. So a login is not
// guessed; and it is not shut to its owner by somebody elsewhere who enters wrong
// passwords on purpose. Where those come from many sources, others wait too, but
// for those from which its owner has logged in before.
const (
	freeLogins   = 5
	freeAnywhere = 100
	longestWait  = 15 * 60
	mostWatched  = 10_000 // logins and sources that are remembered
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
	failed map[attempt]failure
}

// An attempt is who wants to log in, and from where; without a source it is what
// came from all of them.
type attempt struct{ who, source string }

type failure struct {
	times int
	since token.UnixSeconds // when the wait began
	until token.UnixSeconds // it ends
	good  bool              // the last one was right
}

// attemptOf returns who asks and from where. Of an IPv6 address it is the /64,
// which is what one customer has.
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

// matches compares a password with a hash; "" is that of nobody, and takes as long.
// It remembers how that went. Who has to wait is refused without a look: that is
// found out again when it is his turn, since many may come at once.
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

// tried remembers how a login went.
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

// next is one more wrong password, of which some are free.
func (f failure) next(free int, now token.UnixSeconds) failure {
	f.times++
	if over := f.times - free; over > 0 {
		f.since = now
		f.until = now + min(token.UnixSeconds(1)<<min(over-1, 20), longestWait)
	}
	return f
}

// waits reports whether the wait is under way. One that begins in the future is from a
// clock that had jumped ahead, and could last for years.
func (f failure) waits(now token.UnixSeconds) bool { return f.since <= now && now < f.until }

// keepLocked remembers something, and forgets something else where it is too much.
// mu is held.
func (l *logins) keepLocked(a attempt, f failure) {
	if _, there := l.failed[a]; !there && len(l.failed) >= mostWatched {
		for other := range l.failed { // any: the order of a map is random
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
		if ok = right; ok { // comparing takes long: he may have been locked meanwhile
			var err error
			if ok, err = unchanged(tx, by, hash); err != nil {
				return err
			}
		}
		if !ok {
			why := validator.ReasonWrongPassword
			if !there { // the name may be a password, in the wrong field
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

// mustWait puts on record that a password was not looked at, since its login has to
// wait, and returns what is said to that.
func (b *Bank) mustWait(ctx context.Context, by By, act validator.Act) error {
	_, contract, there, err := b.passwordOf(ctx, by)
	if err != nil {
		return err
	}
	if !there { // the name may be a password, in the wrong field
		by.User, by.Clerk = "", ""
	}
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		tx.AddAudit(refused(by.note(b.Now(), act, 0, noSerial, contract, ""), validator.ReasonMustWait))
		return nil
	})
	return cmp.Or(err, errLogin())
}

// unchanged reports whether somebody still has the password that was compared, and
// may log in. Nobody changes that before the transaction ends: what concerns a user
// begins with locking the contract.
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

// ignoreNotFound is an error but for that something is not there.
func ignoreNotFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
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

// CheckClerk says with [ErrInvalid] what [Bank.AddClerk] would not take, for who
// makes a bank with its first clerk and wants to know before.
func CheckClerk(id, name, password string) error {
	return firstOf(checkUserID(id), text("name", name, 1, 100), checkPassword(password))
}

// AddClerk adds a clerk. The first may be added by anybody who has the database
// and its key.
func (b *Bank) AddClerk(ctx context.Context, by By, id, name, password string) error {
	if err := by.desk(); err != nil {
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
