// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"net/http"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// trouble is the reason why a user cannot enter a code of their own token. It is part
// of a key of the catalogue.
type trouble string

// The troubles. Each has the texts trouble.NAME.heading, .text and .how.
const (
	noTrouble     trouble = ""
	notRegistered trouble = "none" // no token is registered
	revoked       trouble = "gone" // the token was revoked, and no other one is registered
	suspended     trouble = "suspended"
	expired       trouble = "expired"
	broken        trouble = "broken"
	lost          trouble = "lost"
	early         trouble = "early" // before the token's start date
)

// troubles are the troubles that follow from the bank's reason alone.
var troubles = map[validator.Reason]trouble{
	validator.ReasonNone: noTrouble, validator.ReasonRevoked: revoked, validator.ReasonSuspended: suspended,
	validator.ReasonExpired: expired, validator.ReasonNotYet: early, validator.ReasonReported: broken,
	validator.ReasonNoToken: notRegistered,
}

// troubleOf returns the trouble with the user's own token.
func troubleOf(st bank.Status) trouble {
	switch {
	case st.Condition == validator.Lost:
		return lost
	case st.Barred == validator.ReasonNoToken && st.User.RevokedAt != 0:
		return revoked
	}
	return troubles[st.Barred]
}

// Page returns the page that explains a trouble and its remedy.
func (t trouble) Page() string {
	if t == suspended {
		return "/suspended"
	}
	return "/token/unusable"
}

// requireUsableToken redirects away from a page that asks for a code of the user's own
// token if the token cannot be used. It also drops the pending message about the
// previous code, which would contradict the new page.
func (c *call) requireUsableToken() error {
	st, err := c.bank.Status(c.r.Context(), c.by.User)
	if err != nil {
		return err
	}
	if t := troubleOf(st); t != noTrouble {
		c.state.Flash = nil
		return c.saveAndRedirect(t.Page())
	}
	return nil
}

// withUsableToken shows a page only to users whose own token can be used.
func withUsableToken(h handler) handler {
	return func(c *call) error {
		if err := c.requireUsableToken(); err != nil {
			return err
		}
		return h(c)
	}
}

// troubleData is the content of the page about a trouble.
type troubleData struct {
	bank.Status
	Trouble trouble
	Own     *tokenLine
	Fee     validator.Yen
	Picture pictured
}

func (c *call) troublePage() error {
	st, err := c.bank.Status(c.r.Context(), c.by.User)
	if err != nil {
		return err
	}
	t := troubleOf(st)
	if t != noTrouble && t.Page() != c.r.URL.Path {
		return redirectTo(t.Page())
	}
	d := troubleData{Status: st, Trouble: t, Fee: c.bank.Settings().Fee, Picture: pictureFor[t]}
	d.Own, _ = ownAndOtherTokens(st)
	return c.show(http.StatusOK, "trouble", "trouble.title", d)
}
