// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// activateForm registers a token for the user (利用開始登録).
func (c *call) activateForm() *form {
	f := &form{
		Title: newMsg("activate.title"), Lead: []msg{newMsg("activate.lead"), newMsg("activate.share")},
		Fields: []*field{serialField("serial")},
		Submit: "activate.submit", Cancel: "/", Action: "/token/activate",
	}
	if c.bank.NeedsOTP(validator.OpActivate) {
		f.Fields = append(f.Fields, c.codeField("code", "field.code"))
	}
	if !c.me.Token.IsZero() {
		f.Warn = append(f.Warn, newMsg("activate.instead", c.me.Token.String()))
	}
	c.fillFromDraft(f, "activate")
	return f
}

func (c *call) activate() error {
	f := c.activateForm()
	values, ok := f.read(c.r.PostForm)
	if !ok {
		return c.showForm(f)
	}
	serial, err := c.serial(c.r.PostForm, "serial")
	if err != nil {
		return err
	}
	if err := c.checkLimit(AttemptCode); err != nil {
		return err
	}
	out, err := c.bank.Activate(c.r.Context(), c.by, serial, values["code"])
	if err != nil {
		return err
	}
	c.state.Draft = f.draftOf("activate", values)
	if out.CodeRefused() {
		c.state.Flash = &flash{Kind: "bad", Text: newMsg("activate.refused"), More: newMsg("activate.refused.more")}
		return c.saveAndRedirect("/token/activate")
	}
	return c.finishForm(out, newMsg("activate.done", serial.String()), "/", "/token/activate")
}

// resyncForm resynchronises the user's own token (時刻補正).
func (c *call) resyncForm() *form {
	second := c.codeField("second", "field.code-second")
	second.Hint = "hint.code-second"
	return &form{
		Title: newMsg("resync.title"), Lead: []msg{newMsg("resync.lead"), newMsg("resync.none")},
		Facts:  []fact{{Label: newMsg("field.serial"), Text: c.me.Token.String()}},
		Fields: []*field{c.codeField("first", "field.code-first"), second},
		Submit: "resync.submit", Cancel: "/", Action: "/token/resync",
	}
}

func (c *call) resync() error {
	if c.me.Token.IsZero() {
		return redirectTo("/token/activate")
	}
	f := c.resyncForm()
	values, ok := f.read(c.r.PostForm)
	if !ok {
		return c.showForm(f)
	}
	if err := c.checkLimit(AttemptCode); err != nil {
		return err
	}
	out, err := c.bank.Resync(c.r.Context(), c.by, c.me.Token, values["first"], values["second"])
	if err != nil {
		return err
	}
	return c.finishResync(out, "/", "/token/resync")
}

// finishResync reports the outcome of a resynchronisation. The message of success adds that
// the codes have authorised nothing.
func (c *call) finishResync(out bank.Outcome, to, again string) error {
	if out.Answer == validator.Corrected {
		c.state = state{Flash: &flash{Kind: "good", Text: newMsg("resync.done"), More: newMsg("resync.done.more")}}
		return c.saveAndRedirect(to)
	}
	out.Done = false
	if c.area == userArea {
		if err := c.requireUsableToken(); err != nil {
			return err
		}
	}
	if !out.ByRule() {
		more := newMsg("resync.refused.more")
		if c.area == deskArea {
			more = newMsg("desk.resync.refused.more")
		}
		c.state.Flash = &flash{Kind: "bad", Text: newMsg("resync.refused"), More: more}
		return c.saveAndRedirect(again)
	}
	return c.finishForm(out, msg{}, to, again)
}

// otherTokens offers a choice of the contract's tokens, except the user's own.
func (c *call) otherTokens(st bank.Status, fits func(tokenLine) bool) *field {
	f := &field{Name: "serial", Label: "field.token", Kind: "select"}
	_, others := ownAndOtherTokens(st)
	for _, l := range others {
		if fits(l) {
			f.Options = append(f.Options, option{Value: l.Serial.String(), Text: l.label(c.lang)})
		}
	}
	return f
}

// label returns the serial number of a token and the names of its users.
func (l tokenLine) label(lang string) string {
	if len(l.UserNames) == 0 {
		return l.Serial.String()
	}
	return l.Serial.String() + ": " + names(lang, l.UserNames)
}

// block replaces the rest of a form by the reasons why it cannot be used.
func (f *form) block(reasons ...string) {
	f.Submit = ""
	for _, key := range reasons {
		f.Warn = append(f.Warn, newMsg(key))
	}
}

// unlockForm unlocks another user's token (利用停止解除).
func (c *call) unlockForm() (*form, bank.Status, error) {
	st, err := c.bank.Status(c.r.Context(), c.by.User)
	if err != nil {
		return nil, st, err
	}
	f := &form{
		Title: newMsg("lift.title"), Lead: []msg{newMsg("lift.lead")},
		Submit: "lift.submit", Cancel: "/", Action: "/token/lift",
	}
	choice := c.otherTokens(st, func(l tokenLine) bool { return l.State.Suspended })
	needsOTP := c.bank.NeedsOTP(validator.OpUnlock)
	switch t := troubleOf(st); {
	case t == suspended && needsOTP:
		f.block("lift.own")
	case t == notRegistered:
		f.block("verdict.no-token")
	case t != noTrouble && t != suspended:
		f.block("verdict.own-token-out-of-use")
	case len(choice.Options) == 0:
		f.block("lift.none")
	default:
		choice.Value = c.r.URL.Query().Get("serial")
		f.Fields = []*field{choice}
		if needsOTP {
			f.Fields = append(f.Fields, c.codeField("code", "field.code-own"))
		}
	}
	return f, st, nil
}

func (c *call) unlock() error {
	f, _, err := c.unlockForm()
	if err != nil {
		return err
	}
	return c.doToOtherToken(f, c.bank.Unlock, "lift")
}

// revokeForm revokes another user's token (失効).
func (c *call) revokeForm() (*form, bank.Status, error) {
	st, err := c.bank.Status(c.r.Context(), c.by.User)
	if err != nil {
		return nil, st, err
	}
	f := &form{
		Title: newMsg("revoke.title"), Lead: []msg{newMsg("revoke.lead")},
		Submit: "revoke.submit", Cancel: "/", Action: "/token/revoke", Danger: true,
	}
	choice := c.otherTokens(st, func(l tokenLine) bool { return l.Condition != validator.Revoked })
	switch t := troubleOf(st); {
	case t == suspended:
		f.block("verdict.own-token-suspended")
	case t == notRegistered:
		f.block("verdict.no-token")
	case st.RevokeWay != validator.OnScreen: // no need to type a code if paper is required
		f.block("revoke.paper", "way.on-paper")
	case len(choice.Options) == 0:
		f.block("revoke.none")
	default:
		choice.Value = c.r.URL.Query().Get("serial")
		sure := &field{Name: "sure", Label: "revoke.sure", Kind: "check"}
		f.Fields = []*field{choice, sure, c.codeField("code", "field.code-own")}
	}
	return f, st, nil
}

func (c *call) revoke() error {
	f, _, err := c.revokeForm()
	if err != nil {
		return err
	}
	if len(f.Fields) > 0 && c.r.PostForm.Get("sure") == "" {
		f.read(c.r.PostForm)
		f.setError("sure", "problem.sure")
		return c.showForm(f)
	}
	return c.doToOtherToken(f, c.bank.Revoke, "revoke")
}

// doToOtherToken performs an operation of a master or admin on another user's token.
func (c *call) doToOtherToken(f *form, do tokenOperation, name string) error {
	again := "/token/" + name
	if len(f.Fields) == 0 {
		return redirectTo(again)
	}
	values, ok := f.read(c.r.PostForm)
	if !ok {
		return c.showForm(f)
	}
	serial, err := token.ParseSerial(values["serial"])
	if err != nil {
		f.setError("serial", "problem.serial")
		return c.showForm(f)
	}
	if err := c.checkLimit(AttemptCode); err != nil {
		return err
	}
	out, err := do(c.r.Context(), c.by, serial, values["code"])
	if err != nil {
		return err
	}
	return c.finishFormWithCode(out, newMsg(name+".done", serial.String()), "/", again+"?serial="+serial.String())
}
