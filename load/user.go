// SPDX-License-Identifier: Apache-2.0

package load

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// ErrUser is the error of a token that shows no codes.
var ErrUser = errclass.New(errclass.Usage, "the token shows no codes")

// User is a virtual user with a token.
type User struct {
	Number uint64 // of the token
	Serial token.Serial

	profile token.Profile
	crystal virtual.Crystal
	coder   token.Coder
	last    int64 // the newest step of which a code was sent
}

// Users returns a user for each token. The tokens are numbered from first. Later
// changes of the tokens do not affect the users. The error wraps [ErrUser].
func Users(tokens iter.Seq[fleet.Member], first uint64) ([]*User, error) {
	var users []*User
	for m := range tokens {
		u, err := newUser(m.Token, first+uint64(len(users)))
		if err != nil {
			return nil, fmt.Errorf("token %d: %w", len(users)+1, err)
		}
		users = append(users, u)
	}
	return users, nil
}

func newUser(t *virtual.Token, number uint64) (*User, error) {
	serial, _ := t.BackLabel()
	seed, profile := t.Secrets()
	u := &User{Number: number, Serial: serial, profile: profile, crystal: t.Crystal(), last: -1}
	if !u.crystal.Valid {
		return nil, fmt.Errorf("%w: its clock is not set", ErrUser)
	}
	var err error
	if u.coder, err = profile.Coder(seed); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUser, err)
	}
	return u, nil
}

// Code returns the code that the token shows at a time, which is not before the time at
// which the user was made. It must not be called by two goroutines at once.
func (u *User) Code(at time.Time) string {
	return string(u.coder(nil, u.step(at)))
}

// step returns the step of the token's clock.
func (u *User) step(at time.Time) int64 {
	shown, _ := u.crystal.Now(virtual.WorldTimeOf(at))
	return u.profile.StepAtMilli(shown)
}

// fresh returns the time from which the token shows a code that was not sent yet.
func (u *User) fresh() time.Time {
	if u.last < 0 {
		return time.Time{}
	}
	return u.crystal.When(u.profile.StepStart(u.last + 1).Milli()).Time()
}

// guessed returns random digits that are not a code of the steps around a time. A server
// that accepts them has not accepted a lucky guess.
func (u *User) guessed(at time.Time) string {
	const around = 12 // steps
	now := u.step(at)
	for {
		guess := fmt.Sprintf("%0*d", int(u.profile.Digits), rand.Uint32N(pow10(u.profile.Digits)))
		near := false
		for step := now - around; step <= now+around; step++ {
			near = near || string(u.coder(nil, step)) == guess
		}
		if !near {
			return guess
		}
	}
}

func pow10(n uint8) uint32 {
	p := uint32(1)
	for range n {
		p *= 10
	}
	return p
}
