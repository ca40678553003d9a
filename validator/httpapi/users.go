// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/validator/bank"
)

type newUserInput struct {
	Body struct {
		ID       string `json:"id" maxLength:"64" doc:"login name: 0-9, A-Z, a-z and . _ @ -"`
		Contract string `json:"contract,omitempty" maxLength:"32" doc:"omitted: the contract of the caller"`
		Role     string `json:"role,omitempty" enum:"user,admin,master" default:"user"`
		Name     string `json:"name" maxLength:"100"`
		Email    string `json:"email,omitempty" maxLength:"254"`
		Language string `json:"language,omitempty" enum:"ja,en" default:"ja"`
		Password string `json:"password" maxLength:"128" doc:"12 to 128 characters"`
		Code     string `json:"code,omitempty" maxLength:"64" doc:"code of the caller's token; a clerk gives none"`
	}
}

// UserPath is the path parameter for a user.
type UserPath struct {
	User string `path:"user" maxLength:"64"`
}

type userChangeInput struct {
	UserPath
	Body struct {
		Role     *string `json:"role,omitempty" enum:"user,admin,master"`
		Name     *string `json:"name,omitempty" maxLength:"100"`
		Email    *string `json:"email,omitempty" maxLength:"254"`
		Language *string `json:"language,omitempty" enum:"ja,en"`
		Locked   *bool   `json:"locked,omitempty" doc:"may not log in"`
		Unlock   bool    `json:"unlock_activation,omitempty" doc:"reset the count of refused activations; for clerks only"`
		Password *string `json:"password,omitempty" maxLength:"128"`
		Code     string  `json:"code,omitempty" maxLength:"64" doc:"code of the caller's token; a clerk gives none"`
	}
}

type userView struct {
	ID        string `json:"id"`
	Contract  string `json:"contract"`
	Role      string `json:"role" enum:"user,admin,master"`
	Name      string `json:"name"`
	Email     string `json:"email,omitempty"`
	Language  string `json:"language"`
	Token     string `json:"token,omitempty" doc:"serial number of the registered token; only a master or admin sees those of others"`
	Activated string `json:"activated,omitempty" format:"date-time" doc:"time of the registration"`
	RevokedAt string `json:"revoked_at,omitempty" format:"date-time" doc:"when one of the user's tokens was last revoked"`
	Locked    bool   `json:"locked"`
	Created   string `json:"created" format:"date-time"`

	ActivationLocked bool `json:"activation_locked" doc:"locked by too many refused activations"`
}

func (s *server) viewUser(u bank.User) userView {
	return userView{
		ID: u.ID, Contract: u.Contract, Role: u.Role.String(), Name: u.Name, Email: u.Email, Language: string(u.Language),
		Token: u.Token.String(), Activated: instant(u.Activated), RevokedAt: instant(u.RevokedAt),
		Locked: u.Locked, Created: instant(u.Created),
		ActivationLocked: s.bank.ActivationLocked(u),
	}
}

type userAnswer struct {
	Outcome
	User *userView `json:"user,omitempty"`
}

// alsoCreated adds the answer 201 Created to the description.
func alsoCreated[T any](s *server) func(*huma.Operation) {
	return func(op *huma.Operation) {
		op.Responses = map[string]*huma.Response{
			strconv.Itoa(http.StatusCreated): {
				Description: http.StatusText(http.StatusCreated),
				Content: map[string]*huma.MediaType{"application/json": {
					Schema: s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, ""),
				}},
			},
		}
	}
}

func (s *server) users() {
	add(s, endpoint{
		method: http.MethodPost, path: "/v1/users", id: "addUser", role: userRole | clerkRole, guess: true,
		summary: "Add a user",
		more:    "A master or admin can add users to their own contract, with a code (BK-04); a clerk, to any contract. 201 if it was done; 200 if it was refused.",
		change:  alsoCreated[userAnswer](s),
	}, func(ctx context.Context, req *request, in *newUserInput) (*statusBody[userAnswer], error) {
		if err := checkText("body.contract", in.Body.Contract); err != nil {
			return nil, err
		}
		contract, err := s.contractOf(ctx, req, in.Body.Contract)
		if err != nil {
			return nil, err
		}
		u, out, err := s.bank.AddUser(ctx, req.by(), bank.NewUser{
			ID: in.Body.ID, Contract: contract, Role: roleOf(in.Body.Role), Name: in.Body.Name, Email: in.Body.Email,
			Language: bank.Language(in.Body.Language), Password: in.Body.Password,
		}, in.Body.Code)
		if err != nil {
			return nil, err
		}
		var a statusBody[userAnswer]
		a.Body.Outcome, a.Status = s.viewCreated(req, out)
		if out.Done {
			v := s.viewUser(u)
			a.Body.User = &v
		}
		return &a, nil
	})

	add(s, endpoint{
		method: http.MethodPatch, path: "/v1/users/{user}", id: "changeUser", role: userRole | clerkRole, guess: true,
		summary: "Change a user",
		more:    "A master or admin can change users of their own contract, with a code (BK-04); a clerk, of any contract. Omitted fields stay unchanged.",
	}, func(ctx context.Context, req *request, in *userChangeInput) (*body[userAnswer], error) {
		c := bank.UserChange{Name: in.Body.Name, Email: in.Body.Email, Locked: in.Body.Locked, Password: in.Body.Password, UnlockActivation: in.Body.Unlock}
		if in.Body.Role != nil {
			r := roleOf(*in.Body.Role)
			c.Role = &r
		}
		if in.Body.Language != nil {
			l := bank.Language(*in.Body.Language)
			c.Language = &l
		}
		u, out, err := s.bank.ChangeUser(ctx, req.by(), in.User, c, in.Body.Code)
		if err != nil {
			return nil, err
		}
		a := userAnswer{Outcome: s.viewOutcome(req, out)}
		if out.Done {
			v := s.viewUser(u)
			a.User = &v
		}
		return &body[userAnswer]{a}, nil
	})

	add(s, endpoint{
		method: http.MethodGet, path: "/v1/users", id: "listUsers", role: userRole | clerkRole,
		summary: "List users: a user sees those of the contract",
	}, func(ctx context.Context, req *request, in *contractPage) (*body[listOf[userView]], error) {
		contract, err := s.contractOf(ctx, req, in.Contract)
		if err != nil {
			return nil, err
		}
		return pageOf(s.viewUser)(s.bank.Users(ctx, req.by(), contract, bank.Page{After: in.After, Limit: in.Limit}))
	})

	add(s, endpoint{
		method: http.MethodGet, path: "/v1/users/{user}", id: "getUser", role: userRole | clerkRole,
		summary: "Get a user",
	}, func(ctx context.Context, req *request, in *UserPath) (*body[userView], error) {
		return answerOf(s.viewUser)(s.bank.User(ctx, req.by(), in.User))
	})
}
