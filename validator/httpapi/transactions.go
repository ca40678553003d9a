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
		User      string            `json:"user,omitempty" maxLength:"64" doc:"user on whose behalf a key acts; omitted by users, who act for themselves"`
		Operation string            `json:"operation" maxLength:"64" doc:"name from /v1/operations" example:"transfer"`
		Code      string            `json:"code,omitempty" maxLength:"64" doc:"the code exactly as typed, if the operation needs one"`
		Details   map[string]string `json:"details,omitempty" maxProperties:"20" doc:"details to be stored with the transaction"`
	}
}

type transactionView struct {
	ID        string            `json:"id"`
	Receipt   string            `json:"receipt,omitempty" doc:"receipt number, as shown on the pages" example:"260401-7K4M9QX2"`
	At        string            `json:"at" format:"date-time"`
	Contract  string            `json:"contract"`
	User      string            `json:"user"`
	Operation string            `json:"operation"`
	Serial    string            `json:"serial,omitempty" doc:"serial number of the token whose code was used"`
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
	Words    string `json:"words,omitempty" doc:"name in the bank's Q3, in Japanese; omitted if Q3 does not list it"`
	Path     string `json:"path" doc:"path of the operation"`
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
		summary: "List the operations, and whether they need a code (BK-04)",
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
		summary: "Perform an operation",
		more:    "A key with role check acts for a user who has logged in elsewhere.",
	}, func(ctx context.Context, req *request, in *transactionInput) (*body[Outcome], error) {
		by := req.by()
		switch {
		case req.caller.role == checkRole && in.Body.User == "":
			return nil, invalid("body.user", "missing user: a key acts for a user")
		case req.caller.role == checkRole:
			if err := checkText("body.user", in.Body.User); err != nil {
				return nil, err
			}
			by.User = in.Body.User
		case in.Body.User != "" && in.Body.User != req.caller.id:
			return nil, problem(http.StatusForbidden, "users act only for themselves: omit user", "body.user", nil)
		}
		op, ok := operation(in.Body.Operation)
		if !ok {
			return nil, invalid("body.operation", "unknown operation: the names are in /v1/operations")
		}
		if path := ownPath[op]; path != "" {
			return nil, invalid("body.operation", "this operation has its own path: "+path)
		}
		return s.outcome(req)(s.bank.Do(ctx, by, bank.Request{Operation: op, Code: in.Body.Code, Details: in.Body.Details}))
	})

	add(s, endpoint{
		method: http.MethodGet, path: "/v1/transactions", id: "listTransactions", role: userRole | clerkRole,
		summary: "List transactions",
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
