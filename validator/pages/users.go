// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// tokenOperation is the type of Unlock and Revoke.
type tokenOperation func(ctx context.Context, by bank.By, serial token.Serial, code string) (bank.Outcome, error)

func (c *call) usersPage() error {
	l, err := readPart(c, afterMark, func(p bank.Page) ([]bank.User, string, error) {
		return c.bank.Users(c.r.Context(), c.by, c.me.Contract, p)
	})
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, "users", "users.title", l)
}

// roleField offers a choice of roles.
func roleField(roles ...validator.Role) *field {
	f := &field{Name: "role", Label: "field.role", Kind: "select"}
	for _, r := range roles {
		f.Options = append(f.Options, option{Value: slug(r), Label: newMsg("role." + slug(r))})
	}
	return f
}

// roleOf returns the role chosen in a form.
func roleOf(s string) validator.Role {
	for _, r := range []validator.Role{validator.Admin, validator.Master} {
		if s == slug(r) {
			return r
		}
	}
	return validator.PlainUser
}

// languageField offers the languages. The default is the language of the page.
func (c *call) languageField() *field {
	return &field{Name: "language", Label: "field.language", Kind: "select", Value: c.lang, Options: []option{
		{Value: ui.Japanese, Label: newMsg("language.ja")}, {Value: ui.English, Label: newMsg("language.en")},
	}}
}

func emailField() *field {
	return &field{Name: "email", Label: "field.email", Kind: "email", Max: 254, Auto: "off"}
}

// userAddForm adds a user to the user's own contract, or in the back office to any
// contract.
func (c *call) userAddForm(action, cancel string) *form {
	id := idField("id", 64)
	id.Label, id.Hint = "field.user-id", "hint.user-id"
	f := &form{
		Title: newMsg("users.add.title"),
		Fields: []*field{
			id, textField("name", 100), optional(emailField()), roleField(c.by.Roles(validator.PlainUser)...), c.languageField(),
			passwordField("password", "field.password-first", "new-password"),
		},
		Submit: "users.add.submit", Cancel: cancel, Action: action,
	}
	if c.area == userArea {
		f.Fields = append(f.Fields, c.codeField("code", "field.code-own"))
	}
	c.fillFromDraft(f, "user-add")
	return f
}

func (c *call) ownUserAddForm() *form { return c.userAddForm("/users/add", "/users") }

func (c *call) userAdd() error {
	return c.addUser(c.ownUserAddForm(), c.me.Contract, "/users", "/users/add")
}

// addUser adds the user of a form to a contract.
func (c *call) addUser(f *form, contract, to, again string) error {
	values, ok := f.read(c.r.PostForm)
	if !ok {
		return c.showForm(f)
	}
	if values["code"] != "" {
		if err := c.checkLimit(AttemptCode); err != nil {
			return err
		}
	}
	u, out, err := c.bank.AddUser(c.r.Context(), c.by, bank.NewUser{
		ID: values["id"], Contract: contract, Role: roleOf(values["role"]), Name: values["name"], Email: values["email"],
		Language: bank.Language(values["language"]), Password: values["password"],
	}, values["code"])
	if err != nil {
		return c.showFormError(f, err)
	}
	c.state.Draft = f.draftOf("user-add", values)
	return c.finishFormWithCode(out, newMsg("users.add.done", u.ID), to, again)
}

// showFormError shows a form again with the field marked in which the bank found an
// error, or returns an error that has no such field. The forms use the same field names
// as package bank.
func (c *call) showFormError(f *form, err error) error {
	problem := "problem.refused"
	if errors.Is(err, bank.ErrConflict) {
		problem = "problem.taken"
	} else if !errors.Is(err, bank.ErrInvalid) {
		return err
	}
	var own *bank.Error
	if !errors.As(err, &own) {
		return err
	}
	f.setError(own.Field, problem)
	f.Problem = problem
	if c.area == deskArea {
		f.Detail = c.detail(err)
	}
	return c.showForm(f)
}

// userChangeForm returns the form to change the user named in the path. In the user area
// it must be a user of the caller's contract.
func (c *call) userChangeForm() (*form, bank.User, error) {
	u, err := c.bank.User(c.r.Context(), c.by, c.r.PathValue("id"))
	cancel := "/desk/contracts/" + u.Contract
	if c.area == userArea {
		cancel = "/users"
		if err == nil && u.Contract != c.me.Contract {
			err = errNoPage
		}
	}
	if err != nil {
		return nil, u, err
	}
	password := optional(passwordField("password", "field.password-reset", "new-password"))
	f := &form{
		Title: newMsg("users.change.title"), Facts: []fact{{Label: newMsg("field.user-id"), Text: u.ID}},
		Fields: []*field{
			textField("name", 100), optional(emailField()), roleField(c.by.Roles(u.Role)...), c.languageField(), password,
			{Name: "locked", Label: "field.locked", Kind: "check"},
		},
		Submit: "users.change.submit", Cancel: cancel, Action: c.r.URL.Path,
	}
	f.fill(map[string]string{
		"name": u.Name, "email": u.Email, "role": slug(u.Role), "language": string(u.Language), "locked": map[bool]string{true: "yes"}[u.Locked],
	})
	if c.area == deskArea && c.bank.ActivationLocked(u) {
		f.Fields = append(f.Fields, &field{Name: "unlock", Label: "field.unlock-activation", Kind: "check"})
	}
	if c.area == userArea {
		f.Fields = append(f.Fields, c.codeField("code", "field.code-own"))
	}
	c.fillFromDraft(f, "user-change "+u.ID)
	return f, u, nil
}

// ifChanged returns the new value if it differs from the old one, or else nil.
func ifChanged[T comparable](before, after T) *T {
	if before == after {
		return nil
	}
	return &after
}

// userChange applies the differences between a form and the user's data.
func (c *call) userChange() error {
	f, u, err := c.userChangeForm()
	if err != nil {
		return err
	}
	to, again := strings.TrimPrefix(f.Cancel, c.area.prefix), strings.TrimPrefix(f.Action, c.area.prefix)
	values, ok := f.read(c.r.PostForm)
	if !ok {
		return c.showForm(f)
	}
	if values["code"] != "" {
		if err := c.checkLimit(AttemptCode); err != nil {
			return err
		}
	}
	change := bank.UserChange{
		Name: ifChanged(u.Name, values["name"]), Email: ifChanged(u.Email, values["email"]),
		Language: ifChanged(u.Language, bank.Language(values["language"])), Role: ifChanged(u.Role, roleOf(values["role"])),
		Locked: ifChanged(u.Locked, values["locked"] != ""), Password: ifChanged("", values["password"]),
		UnlockActivation: values["unlock"] != "",
	}
	if change == (bank.UserChange{}) {
		c.setFlash("plain", newMsg("users.change.same"))
		return c.saveAndRedirect(again)
	}
	_, out, err := c.bank.ChangeUser(c.r.Context(), c.by, u.ID, change, values["code"])
	if err != nil {
		return c.showFormError(f, err)
	}
	c.state.Draft = f.draftOf("user-change "+u.ID, values)
	return c.finishFormWithCode(out, newMsg("users.change.done", u.ID), to, again)
}
