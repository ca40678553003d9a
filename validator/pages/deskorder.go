// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// newOrder returns the order described by the form's fields, without the old token.
func newOrder(k bank.Contract, cause, returned string) bank.NewOrder {
	return bank.NewOrder{Contract: k.ID, Cause: validator.ParseCause(cause), Returned: returned != ""}
}

// feeOf returns an order's fee and delivery dates before the order is placed.
func (c *call) feeOf(k bank.Contract, n bank.NewOrder) *bank.Order {
	o := c.bank.Quote(k, n)
	return &o
}

// orderForm returns the form for a paper application for a token.
func (c *call) orderForm() (*form, bank.Contract, error) {
	ctx := c.r.Context()
	k, err := c.bank.Contract(ctx, c.by, c.r.PathValue("id"))
	if err != nil {
		return nil, k, err
	}
	tokens, err := bank.Every(func(p bank.Page) ([]bank.Token, string, error) {
		return c.bank.Tokens(ctx, c.by, bank.TokenFilter{Contract: k.ID, Page: p})
	})
	if err != nil {
		return nil, k, err
	}
	home := "/desk/contracts/" + k.ID
	cause := &field{Name: "cause", Label: "field.cause", Kind: "select"}
	for _, v := range validator.OrderCauses() {
		cause.Options = append(cause.Options, option{Value: slug(v), Label: newMsg("cause." + slug(v))})
	}
	cause.Value = slug(c.bank.Quote(k, bank.NewOrder{}).Cause)
	old := optional(&field{Name: "old", Label: "field.old", Hint: "hint.old", Kind: "select"})
	old.Options = []option{{Value: "", Label: newMsg("order.none")}}
	for _, l := range c.tokenLines(tokens) {
		old.Options = append(old.Options, option{Value: l.Serial.String(), Text: l.label()})
	}
	f := &form{
		Title: newMsg("order.title"), Lead: []msg{newMsg("order.lead")},
		Facts: []fact{{Label: newMsg("field.contract"), Text: k.Name}, {Label: newMsg("field.address"), Text: k.Address}},
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
	f.Fee = c.feeOf(k, newOrder(k, cause.Value, f.Fields[2].Value))
	return f, k, nil
}

// feePart shows the fee for the current choices.
func (c *call) feePart() error {
	k, err := c.bank.Contract(c.r.Context(), c.by, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	q := c.r.URL.Query()
	return c.showPart("form", "fee", c.feeOf(k, newOrder(k, q.Get("cause"), q.Get("returned"))))
}

func (c *call) orderFilled() error {
	f, k, err := c.orderForm()
	if err != nil {
		return err
	}
	values, ok := f.take(c.r.PostForm)
	n := newOrder(k, values["cause"], values["returned"])
	if values["old"] != "" && ok {
		if n.Old, err = token.ParseSerial(values["old"]); err != nil {
			return err
		}
	}
	var bad *bank.Error
	if ok && errors.As(n.Validate(), &bad) {
		problem := "problem.not-old"
		if values[bad.Field] == "" {
			problem = "problem.old"
		}
		f.mark(bad.Field, problem)
		ok = false
	}
	if !ok {
		f.Fee = c.feeOf(k, n)
		return c.showForm(f)
	}
	c.state.Draft = f.draftOf("order "+k.ID, values)
	return c.leave("/contracts/" + k.ID + "/order/confirm")
}

// orderConfirmForm shows the fee and asks for confirmation.
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
	n := newOrder(k, d.Values["cause"], d.Values["returned"])
	f := &form{
		Title: newMsg("order.title"), Lead: []msg{newMsg("order.confirm")},
		Facts: []fact{
			{Label: newMsg("field.contract"), Text: k.Name},
			{Label: newMsg("field.cause"), Value: newMsg("cause." + slug(n.Cause))},
		},
		Hidden: map[string]string{"draft": d.id()},
		Fee:    c.feeOf(k, n),
		Submit: "order.submit", Cancel: home + "/order", Action: home + "/order/confirm",
	}
	if old := d.Values["old"]; old != "" {
		f.Facts = append(f.Facts, fact{Label: newMsg("field.old"), Text: old},
			fact{Label: newMsg("field.returned"), Value: newMsg(yesNo(n.Returned))})
	}
	return f, k, nil
}

func yesNo(b bool) string {
	if b {
		return "word.yes"
	}
	return "word.no"
}

func (c *call) orderDo() error {
	f, k, err := c.orderConfirmForm()
	if err != nil {
		return err
	}
	d := c.state.Draft
	if c.r.PostForm.Get("draft") != d.id() {
		c.say("bad", newMsg("confirm.changed"))
		return c.leave("/contracts/" + k.ID + "/order/confirm")
	}
	o := newOrder(k, d.Values["cause"], d.Values["returned"])
	if old := d.Values["old"]; old != "" {
		if o.Old, err = token.ParseSerial(old); err != nil {
			return redirectTo("/desk/contracts/" + k.ID + "/order")
		}
	}
	if !c.done.begin(d.id()) {
		c.say("plain", newMsg("confirm.twice"))
		return c.leave("/contracts/" + k.ID)
	}
	_, out, err := c.bank.Order(c.r.Context(), c.by, o)
	if err != nil || !out.Done {
		c.done.forget(d.id())
	}
	if err != nil {
		return c.failed(f, err)
	}
	return c.ended(out, newMsg("order.done"), "/contracts/"+k.ID, "/contracts/"+k.ID+"/order")
}

// ordersData is a part of the list of orders.
type ordersData struct {
	list[bank.Order]
	All bool // includes orders that are closed
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

// openOrder returns the order named in the path if it is open.
func (c *call) openOrder() (bank.Order, error) {
	o, err := c.bank.OrderByID(c.r.Context(), c.by, c.r.PathValue("id"))
	if err == nil && o.Status != bank.OrderOpen {
		err = errNoPage
	}
	return o, err
}

func (c *call) orderFacts(o bank.Order) []fact {
	return []fact{
		{Label: newMsg("field.contract"), Text: o.Contract},
		{Label: newMsg("field.cause"), Value: newMsg("cause." + slug(o.Cause))},
		{Label: newMsg("field.address"), Text: o.Address},
		{Label: newMsg("field.fee"), Text: yen(c.lang, o.Fee)},
	}
}

// suggestions is the maximum number of tokens that the form suggests.
const suggestions = 20

// shipForm ships a token from the inventory for an order. It suggests tokens whose
// serial numbers begin with the query's text. The clerk may also type any other token
// of the inventory.
func (c *call) shipForm() (*form, bank.Order, error) {
	o, err := c.openOrder()
	if err != nil {
		return nil, o, err
	}
	in := bank.TokenFilter{Inventory: true, Page: bank.Page{Limit: suggestions}}
	stock, _, err := c.bank.Tokens(c.r.Context(), c.by, in)
	if err != nil {
		return nil, o, err
	}
	action := "/desk/orders/" + url.PathEscape(o.ID) + "/ship"
	f := &form{
		Title: newMsg("ship.title"), Lead: []msg{newMsg("ship.lead")}, Facts: c.orderFacts(o),
		Fields: []*field{serialField("serial")},
		Submit: "ship.submit", Cancel: "/desk/orders", Action: action,
	}
	if len(stock) == 0 {
		f.Warn = append(f.Warn, newMsg("ship.empty"))
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
	if err != nil {
		return c.failed(f, err)
	}
	c.say("good", newMsg("ship.done", serial.String()))
	return c.leave("/orders")
}

func (c *call) cancelForm() (*form, bank.Order, error) {
	o, err := c.openOrder()
	if err != nil {
		return nil, o, err
	}
	return &form{
		Title: newMsg("cancel.title"), Lead: []msg{newMsg("cancel.lead")}, Facts: c.orderFacts(o), Danger: true,
		Submit: "cancel.submit", Cancel: "/desk/orders", Action: "/desk/orders/" + url.PathEscape(o.ID) + "/cancel",
	}, o, nil
}

func (c *call) cancel() error {
	f, o, err := c.cancelForm()
	if err != nil {
		return err
	}
	_, err = c.bank.CancelOrder(c.r.Context(), c.by, o.ID)
	if err != nil {
		return c.failed(f, err)
	}
	c.say("good", newMsg("cancel.done"))
	return c.leave("/orders")
}
