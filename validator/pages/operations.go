// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"cmp"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// operation is a line in the list of operations.
type operation struct {
	Op       validator.Operation
	Path     string
	NeedsOTP bool
	Manager  bool // only for masters and admins
}

// ownPages are the operations with their own page. All others have a form whose fields
// are stored with the transaction.
var ownPages = map[validator.Operation]struct {
	path     string
	managers bool
}{
	validator.OpHistory:    {"/history", false},
	validator.OpUserAdd:    {"/users/add", true},
	validator.OpUserChange: {"/users", true},
	validator.OpRevoke:     {"/token/revoke", true},
	validator.OpUnlock:     {"/token/lift", true},
	validator.OpActivate:   {"/token/activate", false},
	validator.OpResync:     {"/token/resync", false},
}

// groups is the order of the operations in the list.
var groups = []struct {
	name string
	ops  []validator.Operation
}{
	{"pay", []validator.Operation{
		validator.OpTransfer, validator.OpTransferKnown, validator.OpPayEasy, validator.OpPayEasyTax,
		validator.OpPayeeRegister, validator.OpBalance, validator.OpHistory,
	}},
	{"bulk", []validator.Operation{
		validator.OpBulkApprove, validator.OpPayrollApprove, validator.OpBulkPayee, validator.OpFileSend,
	}},
	{"admin", []validator.Operation{validator.OpUserAdd, validator.OpUserChange, validator.OpRevoke, validator.OpUnlock}},
	{"token", []validator.Operation{validator.OpActivate, validator.OpResync}},
}

// operationGroup is a group in the list.
type operationGroup struct {
	Name string
	Ops  []operation
}

func (c *call) operationsPage() error {
	var all []operationGroup
	for _, g := range groups {
		group := operationGroup{Name: g.name}
		for _, op := range g.ops {
			line := operation{Op: op, Path: "/operations/" + slug(op), NeedsOTP: c.bank.NeedsOTP(op)}
			if own, ok := ownPages[op]; ok {
				line.Path, line.Manager = own.path, own.managers
			}
			if op == validator.OpResync { // it takes two codes, although Q3 does not list it
				line.NeedsOTP = true
			}
			if !line.Manager || c.isManager() {
				group.Ops = append(group.Ops, line)
			}
		}
		if len(group.Ops) > 0 {
			all = append(all, group)
		}
	}
	return c.show(http.StatusOK, "operations", "operations.title", all)
}

// The fields of the operations' forms.
func textField(name string, most int) *field {
	return &field{Name: name, Label: "field." + name, Kind: "text", Max: most, Auto: "off"}
}

func digitsField(name string, most int) *field {
	f := textField(name, most)
	f.Kind, f.Hint = "digits", "hint.digits"
	return f
}

// amountField returns the field for an amount of money. countField returns the field
// for a number of items.
func amountField() *field {
	f := textField("amount", 12)
	f.Kind, f.Hint = "amount", "hint.amount"
	return f
}

func countField() *field {
	f := textField("count", 6)
	f.Kind = "count"
	return f
}

func optional(f *field) *field { f.Optional = true; return f }

func accountType() *field {
	f := &field{Name: "account-type", Label: "field.account-type", Kind: "select", Value: "ordinary"}
	for _, v := range []string{"ordinary", "current", "savings"} {
		f.Options = append(f.Options, option{Value: v, Label: newMsg("account-type." + v)})
	}
	return f
}

// payeeFields returns the fields of an account to transfer to.
func payeeFields() []*field {
	return []*field{
		textField("payee", 48), textField("bank", 30), textField("branch", 30), accountType(), digitsField("account", 7),
	}
}

// formOf returns the fields of an operation, or nil if it has no such form.
func formOf(op validator.Operation) []*field {
	switch op {
	case validator.OpTransfer:
		return append(payeeFields(), amountField(), optional(textField("memo", 40)))
	case validator.OpTransferKnown:
		return []*field{textField("payee", 48), amountField(), optional(textField("memo", 40))}
	case validator.OpPayEasy, validator.OpPayEasyTax:
		return []*field{digitsField("collector", 5), digitsField("payment", 20), digitsField("confirmation", 6), amountField()}
	case validator.OpPayeeRegister, validator.OpBulkPayee:
		return payeeFields()
	case validator.OpBulkApprove, validator.OpPayrollApprove:
		return []*field{textField("list", 60), countField(), amountField()}
	case validator.OpFileSend:
		return []*field{textField("file", 60), countField(), amountField()}
	case validator.OpBalance:
		return []*field{accountType(), digitsField("account", 7)}
	}
	return nil
}

// operation returns the operation named in the path.
func (c *call) operation() (validator.Operation, []*field, error) {
	name := c.r.PathValue("op")
	all := validator.Operations()
	i := slices.IndexFunc(all, func(op validator.Operation) bool { return slug(op) == name })
	if i < 0 || formOf(all[i]) == nil {
		return validator.OpNone, nil, errNoPage
	}
	return all[i], formOf(all[i]), nil
}

// operationForm returns the first page of an operation, with its fields.
func (c *call) operationForm() (*form, validator.Operation, error) {
	op, fields, err := c.operation()
	if err != nil {
		return nil, op, err
	}
	f := &form{
		Title: newMsg("op." + slug(op)), Lead: []msg{newMsg("operation.lead")}, Fields: fields,
		Submit: "action.confirm", Cancel: "/operations", Action: c.r.URL.Path,
	}
	c.fillFromDraft(f, slug(op))
	return f, op, nil
}

func (c *call) operationPage() error { return c.showOperation(c.operationForm()) }

// showOperation shows a form of an operation. If the operation requires a code that the
// user's own token cannot give, it leads to the page about that.
func (c *call) showOperation(f *form, op validator.Operation, err error) error {
	if err == nil && c.bank.NeedsOTP(op) {
		err = c.requireUsableToken()
	}
	if err != nil {
		return err
	}
	return c.showForm(f)
}

func (c *call) operationFilled() error {
	f, _, err := c.operationForm()
	if err != nil {
		return err
	}
	values, ok := f.read(c.r.PostForm)
	for _, name := range []string{"amount", "count"} {
		if ok && values[name] == "0" {
			f.setError(name, "problem."+name)
			ok = false
		}
	}
	if !ok {
		return c.showForm(f)
	}
	c.state.Draft = f.draftOf(c.r.PathValue("op"), values)
	return c.saveAndRedirect("/operations/" + c.r.PathValue("op") + "/confirm")
}

// confirmForm returns the second page of an operation: the input, and a field for the
// code.
func (c *call) confirmForm() (*form, validator.Operation, error) {
	op, fields, err := c.operation()
	if err != nil {
		return nil, op, err
	}
	d := c.state.Draft
	if d == nil || d.Page != slug(op) {
		return nil, op, redirectTo("/operations/" + slug(op))
	}
	f := &form{
		Title: newMsg("op." + slug(op)), Lead: []msg{newMsg("confirm.lead")},
		Hidden: map[string]string{"draft": d.id()},
		Submit: "action.do", Cancel: "/operations/" + slug(op), Action: "/operations/" + slug(op) + "/confirm",
	}
	for _, field := range fields {
		if v := d.Values[field.Name]; v != "" {
			f.Facts = append(f.Facts, factOf(field, v))
		}
	}
	if c.bank.NeedsOTP(op) {
		f.Lead = append(f.Lead, newMsg("confirm.code"))
		f.Fields = []*field{c.codeField("code", "field.code")}
	}
	return f, op, nil
}

// factOf formats the input of a field.
func factOf(f *field, value string) fact {
	for _, o := range f.Options {
		if o.Value == value {
			return fact{Label: newMsg(f.Label), Text: o.Text, Value: o.Label}
		}
	}
	if n, err := strconv.ParseInt(value, 10, 64); f.Name == "amount" && err == nil && strconv.FormatInt(n, 10) == value {
		return fact{Label: newMsg(f.Label), Value: newMsg("word.yen", thousands(n))}
	}
	return fact{Label: newMsg(f.Label), Text: value}
}

func (c *call) confirmPage() error { return c.showOperation(c.confirmForm()) }

func (c *call) operationDo() error {
	f, op, err := c.confirmForm()
	if err != nil {
		return err
	}
	again := "/operations/" + slug(op) + "/confirm"
	if c.r.PostForm.Get("draft") != c.state.Draft.id() {
		c.setFlash("bad", newMsg("confirm.changed"))
		return c.saveAndRedirect(again)
	}
	values, ok := f.read(c.r.PostForm)
	if !ok {
		return c.showForm(f)
	}
	if values["code"] != "" {
		if err := c.checkLimit(AttemptCode); err != nil {
			return err
		}
	}
	details := map[string]string{}
	for name, v := range c.state.Draft.Values {
		if v != "" {
			details[name] = v
		}
	}
	id := c.state.Draft.id()
	if !c.confirmed.confirm(id) {
		c.setFlash("plain", newMsg("confirm.twice"))
		return c.saveAndRedirect("/history")
	}
	out, err := c.bank.Do(c.r.Context(), c.by, bank.Request{Operation: op, Code: values["code"], Details: details})
	if err != nil || !out.Done {
		c.confirmed.forget(id)
	}
	if err != nil {
		return err
	}
	done := newMsg("receipt.done")
	if op == validator.OpBalance {
		done = newMsg("balance.done")
	}
	return c.finishFormWithCode(out, done, "/receipt/"+out.Receipt, again)
}

func (c *call) receiptPage() error {
	t, err := c.bank.Transaction(c.r.Context(), c.by, c.r.PathValue("receipt"))
	if err != nil {
		return err
	}
	title := "receipt.title"
	if t.Operation == validator.OpBalance {
		title = "balance.title"
	}
	return c.show(http.StatusOK, "receipt", title, receipt(t))
}

// receiptNumber returns the number of a transaction that people see. Transactions of an
// older program version have only an ID.
func receiptNumber(t bank.Transaction) string { return cmp.Or(t.Receipt, t.ID) }

// exampleBalance returns an example balance for an account. The bank keeps no accounts.
// The amount depends only on the account's type and number, and stays the same.
func exampleBalance(details map[string]string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(details["account-type"] + " " + details["account"])) // never fails
	return thousands(int64(h.Sum32()%90_000_000) + 10_000_000)
}

// receiptData is a transaction with its details in the order of the form.
type receiptData struct {
	bank.Transaction
	Facts []fact
	Note  string // key; "" if none
}

func receipt(t bank.Transaction) receiptData {
	d := receiptData{Transaction: t}
	shown := map[string]bool{}
	for _, f := range formOf(t.Operation) {
		if v, ok := t.Details[f.Name]; ok {
			d.Facts = append(d.Facts, factOf(f, v))
			shown[f.Name] = true
		}
	}
	if t.Operation == validator.OpBalance {
		d.Facts = append(d.Facts, fact{Label: newMsg("field.balance"), Value: newMsg("word.yen", exampleBalance(t.Details))})
		d.Note = "balance.note"
	}
	var rest []string
	for name := range t.Details { // stored through another interface
		if !shown[name] {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	for _, name := range rest {
		d.Facts = append(d.Facts, fact{Label: newMsg("receipt.detail", name), Text: t.Details[name]})
	}
	return d
}
