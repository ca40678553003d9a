// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/entry"
)

// routeDesk registers the pages for the bank's clerks.
func (s *server) routeDesk(mux *http.ServeMux) {
	s.routeLogin(mux, deskArea)
	for route, h := range map[string]handler{
		"GET /{$}":                           (*call).searchPage,
		"GET /contracts/add":                 showing((*call).contractAddForm),
		"POST /contracts/add":                (*call).contractAdd,
		"GET /contracts/{id}":                (*call).contractPage,
		"GET /contracts/{id}/change":         showingForm((*call).contractChangeForm),
		"POST /contracts/{id}/change":        (*call).contractChange,
		"GET /contracts/{id}/users/add":      showingForm((*call).deskUserAddForm),
		"POST /contracts/{id}/users/add":     (*call).deskUserAdd,
		"GET /users/{id}":                    showingForm((*call).userChangeForm),
		"POST /users/{id}":                   (*call).userChange,
		"GET /contracts/{id}/order":          showingForm((*call).orderForm),
		"POST /contracts/{id}/order":         (*call).orderFilled,
		"GET /contracts/{id}/order/fee":      (*call).feePart,
		"GET /contracts/{id}/order/confirm":  showingForm((*call).orderConfirmForm),
		"POST /contracts/{id}/order/confirm": (*call).orderDo,
		"GET /tokens/{serial}":               (*call).tokenPage,
		"GET /tokens/{serial}/{act}":         showingForm((*call).procedureForm),
		"POST /tokens/{serial}/{act}":        (*call).procedure,
		"GET /orders":                        (*call).ordersPage,
		"GET /orders/{id}/ship":              showingForm((*call).shipForm),
		"POST /orders/{id}/ship":             (*call).ship,
		"GET /orders/{id}/cancel":            showingForm((*call).cancelForm),
		"POST /orders/{id}/cancel":           (*call).cancel,
		"GET /stock":                         (*call).stockPage,
		"GET /stock/import":                  showing((*call).importForm),
		"GET /stock/issue":                   showing((*call).issueForm),
		"POST /stock/issue":                  (*call).issue,
		"GET /notices":                       (*call).noticesPage,
		"POST /notices/{id}/resend":          (*call).resend,
		"GET /audit":                         (*call).auditPage,
		"POST /audit/verify":                 (*call).auditVerify,
		"GET /audit/verify": func(c *call) error { // also for the further parts of the list below a report
			return redirectTo("/desk/audit?" + c.r.URL.RawQuery)
		},
	} {
		s.handle(mux, deskArea, route, loggedIn, h)
	}
	s.handleBody(mux, deskArea, "POST /stock/import", loggedIn, false, (*call).importFile)
}

// searchData is the result of a search.
type searchData struct {
	Find      string
	Contracts list[bank.Contract]
	User      *bank.User
	Tokens    list[bank.Token]
	Done      *bank.Transaction
}

// Nothing reports whether the search found nothing.
func (f searchData) Nothing() bool {
	return len(f.Contracts.Lines) == 0 && f.User == nil && len(f.Tokens.Lines) == 0 && f.Done == nil
}

// searchPage searches for contracts by name or ID, users by ID, tokens by serial
// number, and transactions by receipt number.
func (c *call) searchPage() error {
	typed := strings.ToValidUTF8(c.r.URL.Query().Get("find"), "")
	find := entry.Text(typed)
	f := searchData{Find: find}
	if len([]rune(find)) > 100 {
		find = string([]rune(find)[:100])
	}
	id := entry.ID(find)
	ctx := c.r.Context()
	var err error
	// Names may contain full-width letters, but IDs may not. Without search words the
	// page lists all contracts.
	f.Contracts, err = readPart(c, "contracts", func(p bank.Page) (all []bank.Contract, next string, err error) {
		for _, words := range slices.Compact([]string{find, id}) {
			if all, next, err = c.bank.Contracts(ctx, c.by, words, p); err != nil || len(all) > 0 {
				break
			}
		}
		return all, next, err
	})
	if err != nil {
		return err
	}
	if find == "" {
		return c.show(http.StatusOK, "search", "search.title", f)
	}
	u, err := c.bank.User(ctx, c.by, id)
	switch {
	case err == nil:
		f.User = &u
	case !errors.Is(err, bank.ErrNotFound) && !errors.Is(err, bank.ErrInvalid):
		return err
	}
	if number, ok := bank.ParseReceipt(find); ok {
		done, err := c.bank.Transaction(ctx, c.by, number)
		switch {
		case err == nil:
			f.Done = &done
		case !errors.Is(err, bank.ErrNotFound):
			return err
		}
	}
	f.Tokens, err = readPart(c, "tokens", func(p bank.Page) ([]bank.Token, string, error) {
		return c.tokensLike(find, bank.TokenFilter{Page: p})
	})
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, "search", "search.title", f)
}

// tokensLike returns the tokens whose serial numbers begin with the typed text. It
// tries the possible spellings and uses the first with a match.
func (c *call) tokensLike(typed string, f bank.TokenFilter) (all []bank.Token, next string, err error) {
	for _, serial := range entry.Serials(typed) {
		if _, err := token.ParseSerial(serial); err != nil {
			continue
		}
		f.Serial = serial
		if all, next, err = c.bank.Tokens(c.r.Context(), c.by, f); err != nil || len(all) > 0 {
			break
		}
	}
	return all, next, err
}

// contractData is the content of a contract's page.
type contractData struct {
	Contract bank.Contract
	Users    list[bank.User]
	Tokens   list[tokenLine]
	Orders   list[bank.Order]
}

func (c *call) contractPage() error {
	ctx := c.r.Context()
	k, err := c.bank.Contract(ctx, c.by, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	d := contractData{Contract: k}
	d.Users, err = readPart(c, "users", func(p bank.Page) ([]bank.User, string, error) {
		return c.bank.Users(ctx, c.by, k.ID, p)
	})
	if err != nil {
		return err
	}
	d.Tokens, err = readPart(c, "tokens", func(p bank.Page) ([]tokenLine, string, error) {
		tokens, next, err := c.bank.Tokens(ctx, c.by, bank.TokenFilter{Contract: k.ID, Page: p})
		return c.tokenLines(tokens), next, err
	})
	if err != nil {
		return err
	}
	d.Orders, err = readPart(c, "orders", func(p bank.Page) ([]bank.Order, string, error) {
		return c.bank.Orders(ctx, c.by, k.ID, false, p)
	})
	if err != nil {
		return err
	}
	return c.showTitled(http.StatusOK, "contract", newMsg("contract.title", k.Name), d)
}

// tokenLines converts tokens into lines that name the users by ID.
func (c *call) tokenLines(tokens []bank.Token) []tokenLine {
	all := make([]tokenLine, 0, len(tokens))
	for _, t := range tokens {
		all = append(all, tokenLine{Token: t, UserNames: t.Users})
	}
	return all
}

// contractForm returns the form to add or change a contract.
func (c *call) contractForm(title, action, cancel string) *form {
	name := textField("name", 100)
	name.Label = "field.contract-name"
	return &form{
		Title:  newMsg(title),
		Fields: []*field{name, textField("address", 200), emailField(), c.languageField()},
		Submit: "action.save", Cancel: cancel, Action: action,
	}
}

func contractOf(id string, values map[string]string) bank.Contract {
	return bank.Contract{
		ID: id, Name: values["name"], Address: values["address"], Email: values["email"],
		Language: bank.Language(values["language"]),
	}
}

func (c *call) contractAddForm() *form {
	f := c.contractForm("contract.add.title", "/desk/contracts/add", "/desk/")
	id := idField("id", 32)
	id.Label, id.Hint = "field.contract-id", "hint.contract-id"
	f.Fields = append([]*field{id}, f.Fields...)
	return f
}

func (c *call) contractAdd() error {
	f := c.contractAddForm()
	values, ok := f.read(c.r.PostForm)
	if !ok {
		return c.showForm(f)
	}
	added, err := c.bank.AddContract(c.r.Context(), c.by, contractOf(values["id"], values))
	if err != nil {
		return c.showFormError(f, err)
	}
	c.setFlash("good", newMsg("contract.add.done"))
	return c.saveAndRedirect("/contracts/" + added.ID)
}

func (c *call) contractChangeForm() (*form, bank.Contract, error) {
	old, err := c.bank.Contract(c.r.Context(), c.by, c.r.PathValue("id"))
	if err != nil {
		return nil, old, err
	}
	home := "/desk/contracts/" + old.ID
	f := c.contractForm("contract.change.title", home+"/change", home)
	f.Facts = []fact{{Label: newMsg("field.contract-id"), Text: old.ID}}
	f.fill(map[string]string{"name": old.Name, "address": old.Address, "email": old.Email, "language": string(old.Language)})
	return f, old, nil
}

func (c *call) contractChange() error {
	f, old, err := c.contractChangeForm()
	if err != nil {
		return err
	}
	values, ok := f.read(c.r.PostForm)
	if !ok {
		return c.showForm(f)
	}
	_, err = c.bank.ChangeContract(c.r.Context(), c.by, contractOf(old.ID, values))
	if err != nil {
		return c.showFormError(f, err)
	}
	c.setFlash("good", newMsg("contract.change.done"))
	return c.saveAndRedirect("/contracts/" + old.ID)
}

// deskUserAddForm returns the form to add a user to the contract in the path.
func (c *call) deskUserAddForm() (*form, string, error) {
	k, err := c.bank.Contract(c.r.Context(), c.by, c.r.PathValue("id"))
	if err != nil {
		return nil, "", err
	}
	home := "/desk/contracts/" + k.ID
	f := c.userAddForm(home+"/users/add", home)
	f.Facts = []fact{{Label: newMsg("field.contract"), Text: k.Name}}
	return f, k.ID, nil
}

func (c *call) deskUserAdd() error {
	f, id, err := c.deskUserAddForm()
	if err != nil {
		return err
	}
	return c.addUser(f, id, "/contracts/"+id, "/contracts/"+id+"/users/add")
}
