// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/d204ef64/fob/validator/bank"
)

type loginInput struct {
	Body struct {
		User     string `json:"user,omitempty" maxLength:"64" doc:"ID of a user of a contract; give either user or clerk"`
		Clerk    string `json:"clerk,omitempty" maxLength:"64" doc:"ID of a clerk of the bank; give either user or clerk"`
		Password string `json:"password" maxLength:"128"`
	}
}

type sessionView struct {
	Secret  string `json:"secret,omitempty" doc:"for Authorization: Bearer; returned only at login"`
	User    string `json:"user,omitempty"`
	Clerk   string `json:"clerk,omitempty"`
	Started string `json:"started" format:"date-time"`
	Ends    string `json:"ends" format:"date-time" doc:"the session ends earlier if it is not used"`
}

func viewSession(x bank.Session) sessionView {
	return sessionView{Secret: x.Token, User: x.User, Clerk: x.Clerk, Started: instant(x.Started), Ends: instant(x.Ends)}
}

type passwordInput struct {
	Body struct {
		Old string `json:"old" maxLength:"128"`
		New string `json:"new" maxLength:"128" doc:"12 to 128 characters"`
	}
}

func (s *server) sessions() {
	add(s, endpoint{
		method: http.MethodPost, path: "/v1/sessions", id: "logIn", role: public, guess: true, status: http.StatusCreated,
		summary: "Log in",
		more:    "A wrong name and a wrong password get the same answer.",
	}, func(ctx context.Context, req *request, in *loginInput) (*body[sessionView], error) {
		if (in.Body.User == "") == (in.Body.Clerk == "") {
			return nil, invalid("body.user", "give either user or clerk")
		}
		if err := cmp.Or(checkText("body.user", in.Body.User), checkText("body.clerk", in.Body.Clerk)); err != nil {
			return nil, err
		}
		var x bank.Session
		var err error
		if in.Body.Clerk != "" {
			x, err = s.bank.LogInClerk(ctx, req.by(), in.Body.Clerk, in.Body.Password)
		} else {
			x, err = s.bank.LogIn(ctx, req.by(), in.Body.User, in.Body.Password)
		}
		if err != nil {
			req.failedAttempt = errors.Is(err, bank.ErrLogin)
			return nil, err
		}
		return &body[sessionView]{viewSession(x)}, nil
	})

	add(s, endpoint{
		method: http.MethodGet, path: "/v1/sessions/current", id: "getSession", role: userRole | clerkRole,
		summary: "Get the current session",
	}, func(ctx context.Context, req *request, _ *nothing) (*body[sessionView], error) {
		if req.caller.key {
			return nil, problem(http.StatusNotFound, "an API key has no session", "", nil)
		}
		x, err := s.bank.Session(ctx, req.caller.secret)
		if err != nil {
			return nil, err
		}
		x.Token = "" // the caller has it already
		return &body[sessionView]{viewSession(x)}, nil
	})

	add(s, endpoint{
		method: http.MethodDelete, path: "/v1/sessions/current", id: "logOut", role: userRole | clerkRole, status: http.StatusNoContent,
		summary: "Log out",
	}, func(ctx context.Context, req *request, _ *nothing) (*empty, error) {
		if req.caller.key {
			return nil, problem(http.StatusNotFound, "an API key has no session: end it at /v1/keys", "", nil)
		}
		return &empty{}, s.bank.LogOut(ctx, req.caller.secret)
	})

	add(s, endpoint{
		method: http.MethodPut, path: "/v1/password", id: "changePassword", role: userRole | clerkRole, guess: true, status: http.StatusNoContent,
		summary: "Change your own password",
		more:    "All sessions end: log in again.",
	}, func(ctx context.Context, req *request, in *passwordInput) (*empty, error) {
		if req.caller.key {
			return nil, problem(http.StatusForbidden, "an API key has no password", "", nil)
		}
		err := s.bank.ChangePassword(ctx, req.by(), in.Body.Old, in.Body.New)
		if errors.Is(err, bank.ErrLogin) {
			// The session is valid, and so 401 would be wrong.
			req.failedAttempt = true
			return nil, invalid("body.old", "this is not the current password")
		}
		return &empty{}, err
	})
}
