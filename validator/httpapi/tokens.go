// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"net/http"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
)

// SerialPath is the path parameter for a token.
type SerialPath struct {
	Serial string `path:"serial" maxLength:"64" doc:"serial number, printed on the token's back label"`
}

type codeInput struct {
	SerialPath
	Body *codeBody // a clerk sends none
}

type codeBody struct {
	Code string `json:"code,omitempty" maxLength:"64" doc:"the code exactly as typed"`
}

type resyncInput struct {
	SerialPath
	Body struct {
		First  string `json:"first" maxLength:"64" doc:"the code that the token showed"`
		Second string `json:"second" maxLength:"64" doc:"the next code, which the token shows now"`
	}
}

type tokensInput struct {
	Contract  string `query:"contract" maxLength:"32"`
	Stock     bool   `query:"stock" doc:"only tokens that are not issued to a contract"`
	Serial    string `query:"serial" maxLength:"20" doc:"beginning of the serial number"`
	Condition string `query:"condition" enum:"in use,expired,broken,lost,revoked" doc:"current status"`
	Suspended bool   `query:"suspended"`
	Paging
}

type tokenView struct {
	Serial       string   `json:"serial"`
	Contract     string   `json:"contract,omitempty" doc:"omitted for a token in the inventory"`
	Manufacturer string   `json:"manufacturer,omitempty"`
	Model        string   `json:"model,omitempty"`
	Digits       int      `json:"digits"`
	Algorithm    string   `json:"algorithm"`
	Start        string   `json:"start,omitempty" format:"date-time"`
	Expiry       string   `json:"expiry,omitempty" format:"date" doc:"last day of validity, in Japan"`
	Condition    string   `json:"condition" doc:"current status"`
	Suspended    bool     `json:"suspended"`
	Users        []string `json:"users" nullable:"false" doc:"users who registered it"`
	Activated    string   `json:"activated,omitempty" format:"date-time"`

	// Only for clerks.
	Imported string `json:"imported,omitempty" format:"date-time"`
	Noticed  string `json:"noticed,omitempty" format:"date-time" doc:"when the expiry notice was created"`
	Wrong    *int   `json:"wrong_entries,omitempty" doc:"consecutive failed attempts"`
	Offset   *int64 `json:"offset_steps,omitempty" doc:"time steps by which its clock is ahead"`
}

func (s *server) viewToken(req *request) func(bank.Token) tokenView {
	return func(t bank.Token) tokenView {
		v := tokenView{
			Serial: t.Serial.String(), Contract: t.Contract, Manufacturer: t.Manufacturer, Model: t.Model,
			Digits: int(t.Profile.Digits), Algorithm: t.Profile.Algorithm.String(),
			Start:     instant(t.Start),
			Expiry:    day(t.Expiry),
			Condition: t.Condition.String(),
			Suspended: t.State.Suspended,
			Users:     t.Users,
			Activated: instant(t.Activated),
		}
		if v.Users == nil {
			v.Users = []string{}
		}
		if req.caller.role == clerkRole {
			v.Imported, v.Noticed = instant(t.Imported), instant(t.Noticed)
			v.Wrong, v.Offset = &t.State.FailedAttempts, &t.State.Drift.Offset
		}
		return v
	}
}

func (s *server) tokens() {
	add(s, endpoint{
		method: http.MethodGet, path: "/v1/tokens", id: "listTokens", role: userRole | clerkRole,
		summary: "List tokens: a master or admin sees those of the contract, a user only their own",
	}, func(ctx context.Context, req *request, in *tokensInput) (*body[listOf[tokenView]], error) {
		contract, err := s.contractOf(ctx, req, in.Contract)
		if err != nil {
			return nil, err
		}
		if _, err := s.bank.Contract(ctx, req.by(), contract); contract != "" && err != nil {
			return nil, err // a contract of another customer is answered as not found
		}
		return pageOf(s.viewToken(req))(s.bank.Tokens(ctx, req.by(), bank.TokenFilter{
			Contract: contract, Inventory: in.Stock, Serial: in.Serial, Condition: conditionOf(in.Condition),
			Suspended: in.Suspended, Page: bank.Page{After: in.After, Limit: in.Limit},
		}))
	})

	add(s, endpoint{
		method: http.MethodGet, path: "/v1/tokens/{serial}", id: "getToken", role: userRole | clerkRole,
		summary: "Get a token",
	}, func(ctx context.Context, req *request, in *SerialPath) (*body[tokenView], error) {
		sn, err := serial("path.serial", in.Serial)
		if err != nil {
			return nil, err
		}
		return answerOf(s.viewToken(req))(s.bank.Token(ctx, req.by(), sn))
	})

	s.withCode("/v1/tokens/{serial}/activation", "activateToken", userRole,
		"Register a token for your own use (利用開始登録)", "It requires a code of the token. Refused activations count against the user and lock "+
			"activation for them; they do not suspend a token that the user does not use.", s.bank.Activate)
	s.withCode("/v1/tokens/{serial}/revocation", "revokeToken", userRole|clerkRole,
		"Revoke a token (失効)", "A user gives a code of their own token. A clerk acts on a paper request, without a code.", s.bank.Revoke)
	s.withCode("/v1/tokens/{serial}/suspension/lift", "liftSuspension", userRole|clerkRole,
		"Unlock a token (利用停止解除)", "A user gives a code of their own token. A clerk acts on a paper request, without a code.", s.bank.Unlock)

	add(s, endpoint{
		method: http.MethodPost, path: "/v1/tokens/{serial}/resync", id: "resyncToken", role: userRole | clerkRole, guess: true,
		summary: "Correct a token's clock with two consecutive codes (時刻補正)",
		more: "Neither code authorises anything: log in with the code after them. A user can correct a clock only " +
			"within the look-ahead window, and only as far as a clock can drift; a clerk can correct within the resync window.",
	}, func(ctx context.Context, req *request, in *resyncInput) (*body[Outcome], error) {
		sn, err := serial("path.serial", in.Serial)
		if err != nil {
			return nil, err
		}
		return s.outcome(req)(s.bank.Resync(ctx, req.by(), sn, in.Body.First, in.Body.Second))
	})
}

// withCode adds an operation on a token that takes one code.
func (s *server) withCode(path, id string, who role, summary, more string,
	do func(ctx context.Context, by bank.By, sn token.Serial, code string) (bank.Outcome, error),
) {
	add(s, endpoint{
		method: http.MethodPost, path: path, id: id, role: who, guess: true, summary: summary, more: more,
	}, func(ctx context.Context, req *request, in *codeInput) (*body[Outcome], error) {
		sn, err := serial("path.serial", in.Serial)
		if err != nil {
			return nil, err
		}
		var code string
		if in.Body != nil {
			code = in.Body.Code
		}
		return s.outcome(req)(do(ctx, req.by(), sn, code))
	})
}
