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
	Serial string `path:"serial" maxLength:"64" doc:"on the token's back"`
}

type codeInput struct {
	SerialPath
	Body *codeBody // a clerk sends none
}

type codeBody struct {
	Code string `json:"code,omitempty" maxLength:"64" doc:"as it was typed"`
}

type resyncInput struct {
	SerialPath
	Body struct {
		First  string `json:"first" maxLength:"64" doc:"the code that the token showed"`
		Second string `json:"second" maxLength:"64" doc:"the one after it, which it shows now"`
	}
}

type tokensInput struct {
	Contract  string `query:"contract" maxLength:"32"`
	Stock     bool   `query:"stock" doc:"those that no contract has"`
	Serial    string `query:"serial" maxLength:"20" doc:"what it begins with"`
	Condition string `query:"condition" enum:"in use,expired,broken,lost,revoked" doc:"now"`
	Suspended bool   `query:"suspended"`
	Paging
}

type tokenView struct {
	Serial       string   `json:"serial"`
	Contract     string   `json:"contract,omitempty" doc:"left out: stock"`
	Manufacturer string   `json:"manufacturer,omitempty"`
	Model        string   `json:"model,omitempty"`
	Digits       int      `json:"digits"`
	Algorithm    string   `json:"algorithm"`
	Start        string   `json:"start,omitempty" format:"date-time"`
	Expiry       string   `json:"expiry,omitempty" format:"date" doc:"its last day, in Japan"`
	Condition    string   `json:"condition" doc:"now"`
	Suspended    bool     `json:"suspended"`
	Users        []string `json:"users" nullable:"false" doc:"who registered it"`
	Activated    string   `json:"activated,omitempty" format:"date-time"`

	// Only for clerks.
	Imported string `json:"imported,omitempty" format:"date-time"`
	Noticed  string `json:"noticed,omitempty" format:"date-time" doc:"when the expiry notice was made out"`
	Wrong    *int   `json:"wrong_entries,omitempty" doc:"in a row"`
	Offset   *int64 `json:"offset_steps,omitempty" doc:"by which its clock is ahead"`
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
		summary: "Tokens: for a master or admin those of the contract, for a user the one that they use",
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
		summary: "A token",
	}, func(ctx context.Context, req *request, in *SerialPath) (*body[tokenView], error) {
		sn, err := serial("path.serial", in.Serial)
		if err != nil {
			return nil, err
		}
		return answerOf(s.viewToken(req))(s.bank.Token(ctx, req.by(), sn))
	})

	s.withCode("/v1/tokens/{serial}/activation", "activateToken", userRole,
		"Register a token as the one that I use (利用開始登録)", "With a code of it. Refused activations count against the user and lock "+
			"activation for them; they do not suspend a token that the user does not use.", s.bank.Activate)
	s.withCode("/v1/tokens/{serial}/revocation", "revokeToken", userRole|clerkRole,
		"Revoke a token (失効)", "A user gives a code of his own token. A clerk does it on paper, without a code.", s.bank.Revoke)
	s.withCode("/v1/tokens/{serial}/suspension/lift", "liftSuspension", userRole|clerkRole,
		"Lift a suspension (利用停止解除)", "A user gives a code of his own token. A clerk does it on paper, without a code.", s.bank.Unlock)

	add(s, endpoint{
		method: http.MethodPost, path: "/v1/tokens/{serial}/resync", id: "resyncToken", role: userRole | clerkRole, guess: true,
		summary: "Correct a token's clock by two codes in a row (時刻補正)",
		more: "Neither of the two authorises anything; log in with the one after them. A user corrects a clock that is " +
			"off by no more than the band of the second code, and only as far as a clock drifts; a clerk reaches farther.",
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
