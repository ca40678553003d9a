// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"net/http"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

type transactionInput struct {
	Body struct {
		User      string            `json:"user,omitempty" maxLength:"64" doc:"for whom: with a key; who is logged in leaves it out"`
		Operation string            `json:"operation" maxLength:"64" doc:"its name in /v1/operations" example:"transfer"`
		Code      string            `json:"code,omitempty" maxLength:"64" doc:"as it was typed; where the operation needs one"`
		Details   map[string]string `json:"details,omitempty" maxProperties:"20" doc:"what is kept with it"`
	}
}

type transactionView struct {
	ID        string            `json:"id"`
	Receipt   string            `json:"receipt,omitempty" doc:"the receipt number, as the pages show it" example:"260401-7K4M9QX2"`
	At        string            `json:"at" format:"date-time"`
	Contract  string            `json:"contract"`
	User      string            `json:"user"`
	Operation string            `json:"operation"`
	Serial    string            `json:"serial,omitempty" doc:"of the token whose code it was"`
	Details   map[string]string `json:"details,omitempty"`
}

func viewTransaction(t bank.Transaction) transactionView {
	return transactionView{
		ID: t.ID, Receipt: t.Receipt, At: instant(t.At), Contract: t.Contract, User: t.User,
		Operation: slug(t.Operation), Serial: t.Serial.String(), Details: t.Details,
	}
}

type contractPage struct {
	Contract string `query:"contract" maxLength:"32"`
	Paging
}

type operationView struct {
	Name     string `json:"name"`
	NeedsOTP bool   `json:"needs_otp"`
	Words    string `json:"words,omitempty" doc:"of the bank's Q3, in Japanese; left out where it does not name it"`
	Path     string `json:"path" doc:"where it is done"`
}

// ownPath lists the operations that have a path of their own and are not sent as a
// transaction.
var ownPath = map[validator.Operation]string{
	validator.OpUserAdd:    "/v1/users",
	validator.OpUserChange: "/v1/users/{user}",
	validator.OpRevoke:     "/v1/tokens/{serial}/revocation",
	validator.OpUnlock:     "/v1/tokens/{serial}/suspension/lift",
	validator.OpActivate:   "/v1/tokens/{serial}/activation",
	validator.OpResync:     "/v1/tokens/{serial}/resync",
	validator.OpCheck:      "/v1/check",
}

func (s *server) transactions() {
	add(s, endpoint{
		method: http.MethodGet, path: "/v1/operations", id: "listOperations", role: userRole | clerkRole | checkRole | auditRole,
		summary: "What can be done, and what needs a code (BK-04)",
	}, func(ctx context.Context, req *request, _ *nothing) (*body[listOf[operationView]], error) {
		return pageOf(func(op validator.Operation) operationView {
			v := operationView{Name: slug(op), NeedsOTP: s.bank.NeedsOTP(op), Words: op.Words(), Path: ownPath[op]}
			if v.Path == "" {
				v.Path = "/v1/transactions"
			}
			return v
		})(validator.Operations(), "", nil)
	})

	add(s, endpoint{
		method: http.MethodPost, path: "/v1/transactions", id: "doTransaction", role: userRole | checkRole, guess: true,
		summary: "Do an operation",
		more:    "With a key of role check: for a user who has logged in elsewhere.",
	}, func(ctx context.Context, req *request, in *transactionInput) (*body[Outcome], error) {
		by := req.by()
		switch {
		case req.caller.role == checkRole && in.Body.User == "":
			return nil, invalid("body.user", "say for whom: a key is nobody's")
		case req.caller.role == checkRole:
			if err := checkText("body.user", in.Body.User); err != nil {
				return nil, err
			}
			by.User = in.Body.User
		case in.Body.User != "" && in.Body.User != req.caller.id:
			return nil, problem(http.StatusForbidden, "you do things for yourself only: leave user out", "body.user", nil)
		}
		op, ok := operation(in.Body.Operation)
		if !ok {
			return nil, invalid("body.operation", "no such operation: their names are in /v1/operations")
		}
		if path := ownPath[op]; path != "" {
			return nil, invalid("body.operation", "this one is done at "+path)
		}
		return s.outcome(req)(s.bank.Do(ctx, by, bank.Request{Operation: op, Code: in.Body.Code, Details: in.Body.Details}))
	})

	add(s, endpoint{
		method: http.MethodGet, path: "/v1/transactions", id: "listTransactions", role: userRole | clerkRole,
		summary: "What was done",
	}, func(ctx context.Context, req *request, in *contractPage) (*body[listOf[transactionView]], error) {
		contract, err := s.contractOf(ctx, req, in.Contract)
		if err != nil {
			return nil, err
		}
		return pageOf(viewTransaction)(s.bank.Transactions(ctx, req.by(), contract, bank.Page{After: in.After, Limit: in.Limit}))
	})
}

// contractOf returns the contract of a request. The default for a user is the user's
// own contract.
func (s *server) contractOf(ctx context.Context, req *request, given string) (string, error) {
	if given != "" || req.caller.role != userRole {
		return given, nil
	}
	u, err := s.bank.User(ctx, req.by(), req.caller.id)
	return u.Contract, err
}
