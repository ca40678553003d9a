// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"net/http"

	"github.com/d204ef64/fob/validator/bank"
)

// ContractFields are the fields of a contract that can be changed.
type ContractFields struct {
	Name     string `json:"name" maxLength:"100"`
	Address  string `json:"address" maxLength:"200" doc:"postal address for tokens"`
	Email    string `json:"email" maxLength:"254" doc:"address for notices"`
	Language string `json:"language,omitempty" enum:"ja,en" default:"ja"`
}

type newContractInput struct {
	Body struct {
		ID string `json:"id" maxLength:"32" doc:"0-9, A-Z, a-z and hyphen"`
		ContractFields
	}
}

// ContractPath is the path parameter for a contract.
type ContractPath struct {
	Contract string `path:"contract" maxLength:"32"`
}

type contractInput struct {
	ContractPath
	Body ContractFields
}

type contractView struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Address  string `json:"address"`
	Email    string `json:"email"`
	Language string `json:"language"`
	HadFree  bool   `json:"had_free" doc:"its free token was issued (BK-19)"`
	Created  string `json:"created" format:"date-time"`
}

func viewContract(c bank.Contract) contractView {
	return contractView{
		ID: c.ID, Name: c.Name, Address: c.Address, Email: c.Email, Language: string(c.Language),
		HadFree: c.HadFree, Created: instant(c.Created),
	}
}

type findInput struct {
	Find string `query:"find" maxLength:"100" doc:"part of the ID or name"`
	Paging
}

func (s *server) contracts() {
	add(s, endpoint{
		method: http.MethodPost, path: "/v1/contracts", id: "addContract", role: clerkRole, status: http.StatusCreated,
		summary: "Add a contract",
	}, func(ctx context.Context, req *request, in *newContractInput) (*body[contractView], error) {
		return answerOf(viewContract)(s.bank.AddContract(ctx, req.by(), bank.Contract{
			ID: in.Body.ID, Name: in.Body.Name, Address: in.Body.Address, Email: in.Body.Email,
			Language: bank.Language(in.Body.Language),
		}))
	})

	add(s, endpoint{
		method: http.MethodGet, path: "/v1/contracts", id: "listContracts", role: clerkRole,
		summary: "List contracts",
	}, func(ctx context.Context, req *request, in *findInput) (*body[listOf[contractView]], error) {
		return pageOf(viewContract)(s.bank.Contracts(ctx, req.by(), in.Find, bank.Page{After: in.After, Limit: in.Limit}))
	})

	add(s, endpoint{
		method: http.MethodGet, path: "/v1/contracts/{contract}", id: "getContract", role: userRole | clerkRole,
		summary: "Get a contract; a user gets their own",
	}, func(ctx context.Context, req *request, in *ContractPath) (*body[contractView], error) {
		return answerOf(viewContract)(s.bank.Contract(ctx, req.by(), in.Contract))
	})

	add(s, endpoint{
		method: http.MethodPut, path: "/v1/contracts/{contract}", id: "changeContract", role: clerkRole,
		summary: "Change a contract",
	}, func(ctx context.Context, req *request, in *contractInput) (*body[contractView], error) {
		return answerOf(viewContract)(s.bank.ChangeContract(ctx, req.by(), bank.Contract{
			ID: in.Contract, Name: in.Body.Name, Address: in.Body.Address, Email: in.Body.Email,
			Language: bank.Language(in.Body.Language),
		}))
	})
}
