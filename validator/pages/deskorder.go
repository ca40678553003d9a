// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"net/http"
	"net/url"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// causes are why a clerk orders a token; the replacement at the expiry date is
// sent without being asked for.
var causes = []validator.Cause{
	validator.CauseFirst, validator.CauseAdditional, validator.CauseLoss, validator.CauseTheft,
	validator.CauseDamage, validator.CauseFault,
}

func causeOf(s string) validator.Cause {
	for _, cause := range causes {
		if s == slug(cause) {
			return cause
		}
	}
	return validator.CauseAdditional
}

// feeData is what an order costs and when it comes, before it is placed.
type feeData struct {
	Fee      validator.Yen
	Rule     string
	From, To token.Expiry
	Address  string
}

func (c *call) feeOf(k bank.Contract, cause validator.Cause, returned bool) *feeData {
	s := c.bank.Settings()
	fee, rule := validator.Fee(s, validator.Order{Cause: cause, Returned: returned, HasToken: k.HadFree})
	d := &feeData{Fee: fee, Rule: rule.String(), Address: k.Address}
	d.From, d.To = validator.Delivery(s, validator.Today(c.bank.Now()))
	return d
}

// orderForm takes a paper application for a token.
func (c *call) orderForm() (*form, bank.Contract, error) {
	ctx := c.r.Context()
	k, err := c.bank.Contract(ctx, c.by, c.r.PathValue("id"))
	if err != nil {
		return nil, k, err
	}
	var tokens []bank.Token
	for p := (bank.Page{Limit: 1000}); ; {
		lines, next, err := c.bank.Tokens(ctx, c.by, bank.TokenFilter{Contract: k.ID, Page: p})
		if err != nil {
			return nil, k, err
		}
		tokens = append(tokens, lines...)
		if next == "" {
			break
		}
		p.After = next
	}
	home := "/desk/contracts/" + k.ID
	cause := &field{Name: "cause", Label: "field.cause", Kind: "select"}
	for _, v := range causes {
		cause.Options = append(cause.Options, option{Value: slug(v), Label: say("cause." + slug(v))})
	}
	cause.Value = slug(validator.CauseAdditional)
	if !k.HadFree {
		cause.Value = slug(validator.CauseFirst)
	}
	old := optional(&field{Name: "old", Label: "field.old", Hint: "hint.old", Kind: "select"})
	old.Options = []option{{Value: "", Label: say("order.none")}}
	for _, l := range c.tokenLines(tokens) {
		old.Options = append(old.Options, option{Value: l.Serial.String(), Text: l.label()})
	}
	f := &form{
		Title: say("order.title"), Lead: []msg{say("order.lead")},
		Facts: []fact{{Label: say("field.contract"), Text: k.Name}, {Label: say("field.address"), Text: k.Address}},
		Fields: []*field{
			cause, old, {Name: "returned", Label: "field.returned", Hint: "hint.returned", Kind: "check"},
		},
		Submit: "action.confirm", Cancel: home, Action: home + "/order", FeePath: home + "/order/fee",
	}
	if d := c.state.Draft; d != nil && d.Page == "order "+k.ID {
		f.fill(d.Values)
	} else if serial := c.r.URL.Query().Get("old"); serial != "" && old.offers(serial) {
		old.Value = serial
		cause.Value = slug(validator.CauseLoss)
	}
	f.Fee = c.feeOf(k, causeOf(cause.Value), f.Fields[2].Value != "")
	return f, k, nil
}

func (c *call) orderPage() error {
	f, _, err := c.orderForm()
	if err != nil {
		return err
	}
	return c.showForm(f)
}

// feePart is the fee for what is chosen so far.
func (c *call) feePart() error {
	k, err := c.bank.Contract(c.r.Context(), c.by, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	q := c.r.URL.Query()
	return c.showPart("form", "fee", c.feeOf(k, causeOf(q.Get("cause")), q.Get("returned") != ""))
}

// reissue reports whether a cause replaces a token.
func reissue(cause validator.Cause) bool {
	switch cause {
	case validator.CauseLoss, validator.CauseTheft, validator.CauseDamage, validator.CauseFault:
		return true
	}
	return false
}

func (c *call) orderFilled() error {
	f, k, err := c.orderForm()
	if err != nil {
		return err
	}
	values, ok := f.take(c.r.PostForm)
	if ok && reissue(causeOf(values["cause"])) && values["old"] == "" {
		f.mark("old", "problem.old")
		ok = false
	}
	if ok && !reissue(causeOf(values["cause"])) && values["old"] != "" {
		f.mark("old", "problem.not-old")
		ok = false
	}
	if ok && !reissue(causeOf(values["cause"])) && values["returned"] != "" {
		f.mark("returned", "problem.not-old")
		ok = false
	}
	if !ok {
		f.Fee = c.feeOf(k, causeOf(values["cause"]), values["returned"] != "")
		return c.showForm(f)
	}
	c.state.Draft = f.draftOf("order "+k.ID, values)
	return c.leave("/contracts/" + k.ID + "/order/confirm")
}

// orderConfirmForm shows the fee before it is agreed to.
func (c *call) orderConfirmForm() (*form, bank.Contract, error) {
	k, err := c.bank.Contract(c.r.Context(), c.by, c.r.PathValue("id"))
	if err != nil {
		return nil, k, err
	}
	home := "/desk/contracts/" + k.ID
	d := c.state.Draft
	if d == nil || d.Page != "order "+k.ID {
		return nil, k, redirectTo(home + "/order")
	}
	f := &form{
		Title: say("order.title"), Lead: []msg{say("order.confirm")},
		Facts: []fact{
			{Label: say("field.contract"), Text: k.Name},
			{Label: say("field.cause"), Value: say("cause." + slug(causeOf(d.Values["cause"])))},
		},
		Hidden: map[string]string{"draft": d.id()},
		Fee:    c.feeOf(k, causeOf(d.Values["cause"]), d.Values["returned"] != ""),
		Submit: "order.submit", Cancel: home + "/order", Action: home + "/order/confirm",
	}
	if old := d.Values["old"]; old != "" {
		f.Facts = append(f.Facts, fact{Label: say("field.old"), Text: old},
			fact{Label: say("field.returned"), Value: say(yesNo(d.Values["returned"] != ""))})
	}
	return f, k, nil
}

func yesNo(b bool) string {
	if b {
		return "word.yes"
	}
	return "word.no"
}

func (c *call) orderConfirmPage() error {
	f, _, err := c.orderConfirmForm()
	if err != nil {
		return err
	}
	return c.showForm(f)
}

func (c *call) orderDo() error {
	f, k, err := c.orderConfirmForm()
	if err != nil {
		return err
	}
	d := c.state.Draft
	if c.r.PostForm.Get("draft") != d.id() {
		c.say("bad", say("confirm.changed"))
		return c.leave("/contracts/" + k.ID + "/order/confirm")
	}
	o := bank.NewOrder{
		Contract: k.ID, Cause: causeOf(d.Values["cause"]), Kind: validator.Hardware, Returned: d.Values["returned"] != "",
	}
	if old := d.Values["old"]; old != "" {
		if o.Old, err = token.ParseSerial(old); err != nil {
			return redirectTo("/desk/contracts/" + k.ID + "/order")
		}
	}
	if !c.done.begin(d.id()) {
		c.say("plain", say("confirm.twice"))
		return c.leave("/contracts/" + k.ID)
	}
	_, out, err := c.bank.Order(c.r.Context(), c.by, o)
	if err != nil || !out.Done {
		c.done.forget(d.id())
	}
	if c.wrong(f, err) {
		return c.showForm(f)
	}
	if err != nil {
		return err
	}
	return c.ended(out, say("order.done"), "/contracts/"+k.ID, "/contracts/"+k.ID+"/order")
}

// ordersData is a list of orders.
type ordersData struct {
	list[bank.Order]
	All bool // not the open ones only
}

func (c *call) ordersPage() error {
	all := c.r.URL.Query().Get("all") != ""
	l, err := readPart(c, afterMark, func(p bank.Page) ([]bank.Order, string, error) {
		return c.bank.Orders(c.r.Context(), c.by, "", !all, p)
	})
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, "orders", "orders.title", ordersData{l, all})
}

// openOrder returns the open order of the path.
func (c *call) openOrder() (bank.Order, error) {
	p := bank.Page{Limit: 1000}
	for {
		lines, next, err := c.bank.Orders(c.r.Context(), c.by, "", true, p)
		if err != nil {
			return bank.Order{}, err
		}
		for _, o := range lines {
			if o.ID == c.r.PathValue("id") {
				return o, nil
			}
		}
		if next == "" {
			return bank.Order{}, errNoPage
		}
		p.After = next
	}
}

func (c *call) orderFacts(o bank.Order) []fact {
	return []fact{
		{Label: say("field.contract"), Text: o.Contract},
		{Label: say("field.cause"), Value: say("cause." + slug(o.Cause))},
		{Label: say("field.address"), Text: o.Address},
		{Label: say("field.fee"), Text: yen(c.lang, o.Fee)},
	}
}

// suggestions is how many tokens of the stock are suggested for what has been typed.
const suggestions = 20

// shipForm sends a token of the stock for an order. It suggests tokens whose serial
// numbers begin with what the query has; any other of the stock can be typed too.
func (c *call) shipForm() (*form, bank.Order, error) {
	o, err := c.openOrder()
	if err != nil {
		return nil, o, err
	}
	in := bank.TokenFilter{Stock: true, Page: bank.Page{Limit: suggestions}}
	stock, _, err := c.bank.Tokens(c.r.Context(), c.by, in)
	if err != nil {
		return nil, o, err
	}
	action := "/desk/orders/" + url.PathEscape(o.ID) + "/ship"
	f := &form{
		Title: say("ship.title"), Lead: []msg{say("ship.lead")}, Facts: c.orderFacts(o),
		Fields: []*field{serialField("serial")},
		Submit: "ship.submit", Cancel: "/desk/orders", Action: action,
	}
	if len(stock) == 0 {
		f.Warn = append(f.Warn, say("ship.empty"))
	}
	serial := f.Fields[0]
	serial.Suggest = action
	if serial.Value = c.r.URL.Query().Get("serial"); serial.Value != "" {
		if stock, _, err = c.tokensLike(serial.Value, in); err != nil {
			return nil, o, err
		}
	}
	for _, t := range stock {
		serial.Options = append(serial.Options, option{Value: t.Serial.String()})
	}
	return f, o, nil
}

func (c *call) shipPage() error {
	f, _, err := c.shipForm()
	if err != nil {
		return err
	}
	return c.showForm(f)
}

func (c *call) ship() error {
	f, o, err := c.shipForm()
	if err != nil {
		return err
	}
	if _, ok := f.take(c.r.PostForm); !ok {
		return c.showForm(f)
	}
	serial, err := c.serial(c.r.PostForm, "serial")
	if err != nil {
		return err
	}
	_, err = c.bank.Ship(c.r.Context(), c.by, o.ID, serial)
	if c.missing(err) {
		f.mark("serial", "problem.stock")
		return c.showForm(f)
	}
	if c.wrong(f, err) {
		return c.showForm(f)
	}
	if err != nil {
		return err
	}
	c.say("good", say("ship.done", serial.String()))
	return c.leave("/orders")
}

func (c *call) cancelForm() (*form, bank.Order, error) {
	o, err := c.openOrder()
	if err != nil {
		return nil, o, err
	}
	return &form{
		Title: say("cancel.title"), Lead: []msg{say("cancel.lead")}, Facts: c.orderFacts(o), Danger: true,
		Submit: "cancel.submit", Cancel: "/desk/orders", Action: "/desk/orders/" + url.PathEscape(o.ID) + "/cancel",
	}, o, nil
}

func (c *call) cancelPage() error {
	f, _, err := c.cancelForm()
	if err != nil {
		return err
	}
	return c.showForm(f)
}

func (c *call) cancel() error {
	f, o, err := c.cancelForm()
	if err != nil {
		return err
	}
	_, err = c.bank.CancelOrder(c.r.Context(), c.by, o.ID)
	if c.wrong(f, err) {
		return c.showForm(f)
	}
	if err != nil {
		return err
	}
	c.say("good", say("cancel.done"))
	return c.leave("/orders")
}
