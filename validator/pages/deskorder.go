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

// newOrder returns the order described by the form's fields.
func newOrder(k bank.Contract, values map[string]string) bank.NewOrder {
	old, _ := token.ParseSerial(values["old"]) // empty, or one of the contract's tokens
	return bank.NewOrder{Contract: k.ID, Cause: validator.ParseCause(values["cause"]), Returned: values["returned"] != "", Old: old}
}

// feeOf returns an order's fee and delivery dates before the order is placed.
func (c *call) feeOf(k bank.Contract, values map[string]string) *bank.Order {
	o := c.bank.Quote(k, newOrder(k, values))
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
		old.Options = append(old.Options, option{Value: l.Serial.String(), Text: l.label(c.lang)})
	}
	f := &form{
		Title: newMsg("order.title"), Lead: []msg{newMsg("order.lead")},
		Facts: []fact{{Label: newMsg("field.contract"), Text: k.Name}, {Label: newMsg("field.address"), Text: k.Address}},
		Fields: []*field{
			cause, old, {Name: "returned", Label: "field.returned", Hint: "hint.returned", Kind: "check"},
		},
		Submit: "action.confirm", Cancel: home, Action: home + "/order", FeePath: home + "/order/fee",
	}
	serial := c.r.URL.Query().Get("old")
	if !c.fillFromDraft(f, "order "+k.ID) && serial != "" && old.hasOption(serial) {
		old.Value, cause.Value = serial, slug(validator.CauseLoss)
	}
	f.Fee = c.feeOf(k, map[string]string{"cause": cause.Value, "returned": f.Fields[2].Value})
	return f, k, nil
}

// feePart shows the fee for the current choices.
func (c *call) feePart() error {
	k, err := c.bank.Contract(c.r.Context(), c.by, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	q := c.r.URL.Query()
	return c.showPart("form", "fee", c.feeOf(k, map[string]string{"cause": q.Get("cause"), "returned": q.Get("returned")}))
}

func (c *call) orderFilled() error {
	f, k, err := c.orderForm()
	if err != nil {
		return err
	}
	values, ok := f.read(c.r.PostForm)
	var bad *bank.Error
	if ok && errors.As(newOrder(k, values).Validate(), &bad) {
		problem := "problem.not-old"
		if values[bad.Field] == "" {
			problem = "problem.old"
		}
		f.setError(bad.Field, problem)
		ok = false
	}
	if !ok {
		f.Fee = c.feeOf(k, values)
		return c.showForm(f)
	}
	c.state.Draft = f.draftOf("order "+k.ID, values)
	return c.saveAndRedirect("/contracts/" + k.ID + "/order/confirm")
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
	n := newOrder(k, d.Values)
	f := &form{
		Title: newMsg("order.title"), Lead: []msg{newMsg("order.confirm")},
		Facts: []fact{
			{Label: newMsg("field.contract"), Text: k.Name},
			{Label: newMsg("field.cause"), Value: newMsg("cause." + slug(n.Cause))},
		},
		Hidden: map[string]string{"draft": d.id()},
		Fee:    c.feeOf(k, d.Values),
		Submit: "order.submit", Cancel: home + "/order", Action: home + "/order/confirm",
	}
	if !n.Old.IsZero() {
		f.Facts = append(f.Facts, fact{Label: newMsg("field.old"), Text: n.Old.String()},
			fact{Label: newMsg("field.returned"), Value: newMsg(map[bool]string{true: "word.yes", false: "word.no"}[n.Returned])})
	}
	return f, k, nil
}

func (c *call) orderDo() error {
	f, k, err := c.orderConfirmForm()
	if err != nil {
		return err
	}
	d := c.state.Draft
	if c.r.PostForm.Get("draft") != d.id() {
		c.setFlash("bad", newMsg("confirm.changed"))
		return c.saveAndRedirect("/contracts/" + k.ID + "/order/confirm")
	}
	if !c.confirmed.confirm(d.id()) {
		c.setFlash("plain", newMsg("confirm.twice"))
		return c.saveAndRedirect("/contracts/" + k.ID)
	}
	_, out, err := c.bank.Order(c.r.Context(), c.by, newOrder(k, d.Values))
	if err != nil || !out.Done {
		c.confirmed.forget(d.id())
	}
	if err != nil {
		return c.showFormError(f, err)
	}
	return c.finishForm(out, newMsg("order.done"), "/contracts/"+k.ID, "/contracts/"+k.ID+"/order")
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

// pathOrder returns the order named in the path if it is open.
func (c *call) pathOrder() (bank.Order, error) {
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
	o, err := c.pathOrder()
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
	if _, ok := f.read(c.r.PostForm); !ok {
		return c.showForm(f)
	}
	serial, err := c.serial(c.r.PostForm, "serial")
	if err != nil {
		return err
	}
	_, err = c.bank.Ship(c.r.Context(), c.by, o.ID, serial)
	if errors.Is(err, bank.ErrNotFound) {
		f.setError("serial", "problem.stock")
		return c.showForm(f)
	}
	if err != nil {
		return c.showFormError(f, err)
	}
	c.setFlash("good", newMsg("ship.done", serial.String()))
	return c.saveAndRedirect("/orders")
}

func (c *call) cancelForm() (*form, bank.Order, error) {
	o, err := c.pathOrder()
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
		return c.showFormError(f, err)
	}
	c.setFlash("good", newMsg("cancel.done"))
	return c.saveAndRedirect("/orders")
}
