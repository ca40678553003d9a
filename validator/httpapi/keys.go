// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"net/http"

	"github.com/d204ef64/fob/validator/bank"
)

type newKeyInput struct {
	Body struct {
		Role string `json:"role" enum:"check,clerk,audit"`
		Name string `json:"name" minLength:"1" maxLength:"100" doc:"name of the system that uses the key"`
	}
}

type keyPath struct {
	Key string `path:"key" maxLength:"64"`
}

type keyView struct {
	ID      string `json:"id"`
	Role    string `json:"role"`
	Name    string `json:"name"`
	Created string `json:"created" format:"date-time"`
	Ended   string `json:"ended,omitempty" format:"date-time" doc:"omitted while the key is valid"`
	Secret  string `json:"secret,omitempty" doc:"for Authorization: Bearer; returned only when the key is created"`
}

func viewKey(k bank.APIKey) keyView {
	return keyView{ID: k.ID, Role: string(k.Role), Name: k.Name, Created: instant(k.Created), Ended: instant(k.Ended)}
}

type newClerkInput struct {
	Body struct {
		ID       string `json:"id" maxLength:"64"`
		Name     string `json:"name" maxLength:"100"`
		Password string `json:"password" maxLength:"128" doc:"12 to 128 characters"`
	}
}

func (s *server) keys() {
	add(s, endpoint{
		method: http.MethodPost, path: "/v1/keys", id: "addKey", role: clerkRole, status: http.StatusCreated,
		summary: "Create an API key",
	}, func(ctx context.Context, req *request, in *newKeyInput) (*body[keyView], error) {
		k, secret, err := s.bank.AddKey(ctx, req.by(), bank.KeyRole(in.Body.Role), in.Body.Name)
		if err != nil {
			return nil, err
		}
		v := viewKey(k)
		v.Secret = secret
		return &body[keyView]{v}, nil
	})

	add(s, endpoint{
		method: http.MethodGet, path: "/v1/keys", id: "listKeys", role: clerkRole,
		summary: "List the API keys",
	}, func(ctx context.Context, req *request, _ *nothing) (*body[listOf[keyView]], error) {
		found, err := s.bank.Keys(ctx, req.by())
		return pageOf(viewKey)(found, "", err)
	})

	add(s, endpoint{
		method: http.MethodDelete, path: "/v1/keys/{key}", id: "endKey", role: clerkRole, status: http.StatusNoContent,
		summary: "Revoke an API key immediately",
	}, func(ctx context.Context, req *request, in *keyPath) (*empty, error) {
		return &empty{}, s.bank.EndKey(ctx, req.by(), in.Key)
	})

	add(s, endpoint{
		method: http.MethodPost, path: "/v1/clerks", id: "addClerk", role: clerkRole, status: http.StatusNoContent,
		summary: "Add a clerk",
	}, func(ctx context.Context, req *request, in *newClerkInput) (*empty, error) {
		return &empty{}, s.bank.AddClerk(ctx, req.by(), in.Body.ID, in.Body.Name, in.Body.Password)
	})
}
