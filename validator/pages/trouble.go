// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"net/http"
	"slices"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// trouble is why a user can enter no code of their own token, as part of a key of
// the catalogue.
type trouble string

// The troubles. Each has the words trouble.NAME.heading, .text and .how.
const (
	fine          trouble = ""
	notRegistered trouble = "none" // no token is registered
	gone          trouble = "gone" // the token was revoked, and no other one is registered
	suspended     trouble = "suspended"
	expired       trouble = "expired"
	broken        trouble = "broken"
	lost          trouble = "lost"
	early         trouble = "early" // before the token's start date
)

// troubleOf returns what is wrong with the user's own token. A token that is both
// expired and suspended is expired: unlocking it would not help.
func (c *call) troubleOf(st bank.Status) trouble {
	if st.User.Token.IsZero() {
		if st.User.RevokedAt != 0 {
			return gone
		}
		return notRegistered
	}
	switch st.Condition {
	case validator.Expired:
		return expired
	case validator.Broken:
		return broken
	case validator.Lost:
		return lost
	case validator.Revoked:
		return gone
	}
	if st.Suspended {
		return suspended
	}
	i := slices.IndexFunc(st.Tokens, func(t bank.Token) bool { return t.Serial == st.User.Token })
	if i >= 0 && c.bank.Now() < st.Tokens[i].Start {
		return early
	}
	return fine
}

// Page returns the page that explains a trouble and what to do about it.
func (t trouble) Page() string {
	if t == suspended {
		return "/suspended"
	}
	return "/token/unusable"
}

// ownCode leads away from a page that asks for a code of the user's own token when
// there is no such code. The page that it leads to says everything: a message about
// the code before would contradict it.
func (c *call) ownCode() error {
	st, err := c.bank.Status(c.r.Context(), c.by.User)
	if err != nil {
		return err
	}
	if t := c.troubleOf(st); t != fine {
		c.state.Flash = nil
		return c.leave(t.Page())
	}
	return nil
}

// needsOwnCode shows a page only to users whose own token can be used.
func needsOwnCode(h handler) handler {
	return func(c *call) error {
		if err := c.ownCode(); err != nil {
			return err
		}
		return h(c)
	}
}

// troubleData is what the page about a trouble shows.
type troubleData struct {
	bank.Status
	Trouble trouble
	Own     *tokenLine
	Fee     validator.Yen
}

func (c *call) troublePage() error {
	st, err := c.bank.Status(c.r.Context(), c.by.User)
	if err != nil {
		return err
	}
	t := c.troubleOf(st)
	if t != fine && t.Page() != c.r.URL.Path {
		return redirectTo(t.Page())
	}
	d := troubleData{Status: st, Trouble: t, Fee: c.bank.Settings().Fee}
	d.Own, _ = lines(st, c.bank.Now())
	return c.show(http.StatusOK, "trouble", "trouble.title", d)
}
