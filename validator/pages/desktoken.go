// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// pathToken returns the token named in the path.
func (c *call) pathToken() (bank.Token, error) {
	serial, err := token.ParseSerial(c.r.PathValue("serial"))
	if err != nil {
		return bank.Token{}, errNoPage
	}
	return c.bank.Token(c.r.Context(), c.by, serial)
}

func (c *call) tokenPage() error {
	t, err := c.pathToken()
	if err != nil {
		return err
	}
	return c.showTitled(http.StatusOK, "token", newMsg("token.title", t.Serial.String()), tokenLine{t, t.Users})
}

// procedures are the clerk's operations on a token. They require the bank's paper form.
// Resynchronisation requires the user to be present instead.
var procedures = map[string]bool{ // true: cannot be undone
	"lift": false, "revoke": true, "lost": true, "broken": true, "found": false, "resync": false,
}

// procedureForm asks the clerk to confirm an operation.
func (c *call) procedureForm() (*form, bank.Token, error) {
	act := c.r.PathValue("act")
	danger, ok := procedures[act]
	if !ok {
		return nil, bank.Token{}, errNoPage
	}
	t, err := c.pathToken()
	if err != nil {
		return nil, t, err
	}
	home := "/desk/tokens/" + t.Serial.String()
	condition := slug(t.Condition)
	if t.State.Suspended && t.Condition == validator.InUse {
		condition = "suspended"
	}
	f := &form{
		Title: newMsg("desk." + act + ".title"), Lead: []msg{newMsg("desk." + act + ".lead")},
		Facts: []fact{
			{Label: newMsg("field.serial"), Text: t.Serial.String()},
			{Label: newMsg("field.contract"), Text: t.Contract},
			{Label: newMsg("field.users"), Text: cmp.Or(strings.Join(t.Users, ", "), "–")},
			{Label: newMsg("field.condition"), Value: newMsg("condition." + condition)},
		},
		Submit: "desk." + act + ".submit", Cancel: home, Action: home + "/" + act, Danger: danger,
	}
	if act == "resync" {
		f.Fields = []*field{c.codeField("first", "field.code-first"), c.codeField("second", "field.code-second")}
	} else {
		f.Fields = []*field{{Name: "paper", Label: "desk.paper", Kind: "check"}}
	}
	return f, t, nil
}

func (c *call) procedure() error {
	f, t, err := c.procedureForm()
	if err != nil {
		return err
	}
	values, ok := f.read(c.r.PostForm)
	act := c.r.PathValue("act")
	if ok && act != "resync" && values["paper"] == "" {
		f.setError("paper", "problem.paper")
		ok = false
	}
	if !ok {
		return c.showForm(f)
	}
	home := "/tokens/" + t.Serial.String()
	ctx := c.r.Context()
	var out bank.Outcome
	switch act {
	case "lift":
		out, err = c.bank.Unlock(ctx, c.by, t.Serial, "")
	case "revoke":
		out, err = c.bank.Revoke(ctx, c.by, t.Serial, "")
	case "lost":
		out, err = c.bank.Report(ctx, c.by, t.Serial, validator.Lost)
	case "broken":
		out, err = c.bank.Report(ctx, c.by, t.Serial, validator.Broken)
	case "found":
		out, err = c.bank.Report(ctx, c.by, t.Serial, validator.InUse)
	case "resync":
		if err := c.checkLimit(AttemptCode); err != nil {
			return err
		}
		if out, err = c.bank.Resync(ctx, c.by, t.Serial, values["first"], values["second"]); err != nil {
			return err
		}
		return c.finishResync(out, home, home+"/resync")
	}
	if err != nil {
		return err
	}
	return c.finishForm(out, newMsg("desk."+act+".done", t.Serial.String()), home, home)
}
