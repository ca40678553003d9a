// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"net/http"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// routeUser registers the pages for the users of a contract.
func (s *server) routeUser(mux *http.ServeMux) {
	s.routeLogin(mux, userArea)
	for route, h := range map[string]handler{
		"GET /{$}":                      (*call).homePage,
		"GET /suspended":                (*call).troublePage,
		"GET /token/unusable":           (*call).troublePage,
		"GET /history":                  (*call).historyPage,
		"GET /receipt/{receipt}":        (*call).receiptPage,
		"GET /operations":               (*call).operationsPage,
		"GET /operations/{op}":          (*call).operationPage,
		"POST /operations/{op}":         (*call).operationFilled,
		"GET /operations/{op}/confirm":  (*call).confirmPage,
		"POST /operations/{op}/confirm": (*call).operationDo,
		"GET /token/activate":           showing((*call).activateForm),
		"POST /token/activate":          (*call).activate,
		"GET /token/resync":             withUsableToken(showing((*call).resyncForm)),
		"POST /token/resync":            (*call).resync,
		"GET /token/lift":               managersOnly(showingForm((*call).unlockForm)),
		"POST /token/lift":              managersOnly((*call).unlock),
		"GET /token/revoke":             managersOnly(showingForm((*call).revokeForm)),
		"POST /token/revoke":            managersOnly((*call).revoke),
		"GET /users":                    managersOnly((*call).usersPage),
		"GET /users/add":                managersOnly(withUsableToken(showing((*call).ownUserAddForm))),
		"POST /users/add":               managersOnly((*call).userAdd),
		"GET /users/change/{id}":        managersOnly(withUsableToken(showingForm((*call).userChangeForm))),
		"POST /users/change/{id}":       managersOnly((*call).userChange),
	} {
		s.handle(mux, userArea, route, loggedIn, h)
	}
}

// managersOnly admits only masters and admins. The bank decides what they may do.
func managersOnly(h handler) handler {
	return func(c *call) error {
		if !c.isManager() {
			return bank.ErrForbidden
		}
		return h(c)
	}
}

// tokenLine is a token in a list.
type tokenLine struct {
	bank.Token
	UserNames []string
}

// home is the content of the home page.
type home struct {
	bank.Status
	Trouble trouble
	Own     *tokenLine
	Others  []tokenLine
}

// ownAndOtherTokens returns the user's own token and the other tokens of the contract.
func ownAndOtherTokens(st bank.Status) (own *tokenLine, others []tokenLine) {
	names := map[string]string{}
	for _, u := range st.Users {
		names[u.ID] = u.Name
	}
	for _, t := range st.Tokens {
		l := tokenLine{Token: t}
		for _, id := range t.Users {
			l.UserNames = append(l.UserNames, names[id])
		}
		if !st.User.Token.IsZero() && t.Serial == st.User.Token {
			own = &l
		} else {
			others = append(others, l)
		}
	}
	return own, others
}

func (c *call) homePage() error {
	st, err := c.bank.Status(c.r.Context(), c.by.User)
	if err != nil {
		return err
	}
	h := home{Status: st, Trouble: troubleOf(st)}
	h.Own, h.Others = ownAndOtherTokens(st)
	if !c.isManager() {
		h.Others = nil
	}
	return c.show(http.StatusOK, "home", "home.title", h)
}

func (c *call) historyPage() error {
	l, err := readPart(c, afterMark, func(p bank.Page) ([]bank.Transaction, string, error) {
		return c.bank.Transactions(c.r.Context(), c.by, c.me.Contract, p)
	})
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, "history", "history.title", l)
}

// refusalFlash returns the message about a refusal. If a rule refused, it gives the
// rule's reason. If a code was refused, it gives only the bank's answer.
func refusalFlash(out bank.Outcome) *flash {
	if out.ByRule() {
		f := &flash{Kind: "bad", Text: newMsg("verdict." + slug(out.Verdict.Reason))}
		if out.Verdict.Way == validator.OnPaper {
			f.More = newMsg("way.on-paper")
		}
		return f
	}
	kind := "bad"
	if out.Answer == validator.NextCode || out.Answer == validator.Corrected {
		kind = "next"
	}
	return &flash{Kind: kind, Text: newMsg("answer." + slug(out.Answer)), More: newMsg("answer." + slug(out.Answer) + ".more")}
}

// finishForm stores the outcome of a form as a message, and redirects to the next page or
// back to the form.
func (c *call) finishForm(out bank.Outcome, done msg, to, again string) error {
	if !out.Done {
		c.state.Flash = refusalFlash(out)
		return c.saveAndRedirect(again)
	}
	c.state = state{Flash: &flash{Kind: "good", Text: done}}
	return c.saveAndRedirect(to)
}

// finishFormWithCode is [call.finishForm] for a form that asked for a code of the user's
// own token. If the code has suspended the token, the form cannot be used again. The
// page about the suspension is shown instead.
func (c *call) finishFormWithCode(out bank.Outcome, done msg, to, again string) error {
	if c.area == userArea && !out.Done && !out.ByRule() {
		if err := c.requireUsableToken(); err != nil {
			return err
		}
	}
	return c.finishForm(out, done, to, again)
}
