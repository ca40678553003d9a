// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"net/http"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

type suspensionView struct {
	Suspended bool   `json:"suspended"`
	Way       string `json:"way,omitempty" enum:"no way,on screen,on paper" doc:"how it can be lifted at all"`
	Rule      string `json:"rule,omitempty"`
	You       string `json:"you,omitempty" doc:"for a user: whether it is he who can, and if not why" example:"own token"`
}

func (s *server) suspensions() {
	add(s, endpoint{
		method: http.MethodGet, path: "/v1/tokens/{serial}/suspension", id: "getSuspension", role: userRole | clerkRole,
		summary: "Whether a token is suspended, and how that can be lifted (BK-07, BK-08)",
	}, func(ctx context.Context, req *request, in *SerialPath) (*body[suspensionView], error) {
		sn, err := serial("path.serial", in.Serial)
		if err != nil {
			return nil, err
		}
		t, err := s.bank.Token(ctx, req.by(), sn)
		if err != nil {
			return nil, err
		}
		out := suspensionView{Suspended: t.State.Suspended}
		if !out.Suspended {
			return &body[suspensionView]{out}, nil
		}
		users, err := s.contractUsers(ctx, req, t.Contract)
		if err != nil {
			return nil, err
		}
		set, now := s.bank.Settings(), s.bank.Now()
		target := validator.Held{
			Serial: t.Serial, Contract: t.Contract, Suspended: true,
			Condition: validator.ConditionAt(t.Condition, t.Expiry, now),
		}
		way := validator.LiftWay(set, users, target)
		out.Way, out.Rule = way.Way.String(), way.Rule.String()
		for _, u := range users {
			if req.caller.role == userRole && u.ID == req.caller.id {
				out.You = validator.MayLift(set, u, users, target).Reason.String()
			}
		}
		return &body[suspensionView]{out}, nil
	})

	add(s, endpoint{
		method: http.MethodGet, path: "/v1/status", id: "getStatus", role: userRole,
		summary: "What a user's own page shows",
	}, func(ctx context.Context, req *request, _ *nothing) (*body[statusView], error) {
		st, err := s.bank.Status(ctx, req.caller.id)
		if err != nil {
			return nil, err
		}
		out := statusView{
			User: viewUser(st.User), Contract: viewContract(st.Contract), Suspended: st.Suspended,
			Users: []userView{}, Tokens: []tokenView{},
		}
		if !st.User.Token.IsZero() {
			out.Condition = st.Condition.String()
		}
		if st.Suspended {
			out.LiftWay, out.LiftRule = st.LiftWay.Way.String(), st.LiftWay.Rule.String()
		}
		if !st.NoticeOn.IsZero() {
			out.NoticeOn = st.NoticeOn.String()
		}
		for _, u := range st.Users {
			out.Users = append(out.Users, viewUser(u))
		}
		for _, t := range st.Tokens {
			out.Tokens = append(out.Tokens, s.viewToken(req)(t))
		}
		return &body[statusView]{out}, nil
	})
}

type statusView struct {
	User      userView     `json:"user"`
	Contract  contractView `json:"contract"`
	Users     []userView   `json:"users" nullable:"false" doc:"all of the contract"`
	Tokens    []tokenView  `json:"tokens" nullable:"false"`
	Condition string       `json:"condition,omitempty" doc:"of his token"`
	Suspended bool         `json:"suspended" doc:"his token is"`
	LiftWay   string       `json:"lift_way,omitempty" doc:"how that can be lifted"`
	LiftRule  string       `json:"lift_rule,omitempty"`
	NoticeOn  string       `json:"notice_on,omitempty" format:"date" doc:"since when the expiry is announced"`
}

// contractUsers returns all users of a contract with their tokens, as the rules
// look at them.
func (s *server) contractUsers(ctx context.Context, req *request, contract string) ([]validator.User, error) {
	user := req.caller.id
	if req.caller.role != userRole {
		// What a user of the contract sees of it is all of it.
		found, _, err := s.bank.Users(ctx, req.by(), contract, bank.Page{Limit: 1})
		if err != nil || len(found) == 0 {
			return nil, err
		}
		user = found[0].ID
	}
	st, err := s.bank.Status(ctx, user)
	if err != nil {
		return nil, err
	}
	tokens := map[string]bank.Token{}
	for _, t := range st.Tokens {
		tokens[t.Serial.String()] = t
	}
	now := s.bank.Now()
	var out []validator.User
	for _, u := range st.Users {
		v := validator.User{ID: u.ID, Contract: u.Contract, Role: u.Role, Token: u.Token, RevokedAt: u.RevokedAt}
		if u.Locked { // he shares his token still, and can do nothing for others
			v.Role = validator.PlainUser
		}
		if t, ok := tokens[u.Token.String()]; ok && !u.Token.IsZero() {
			v.Condition = validator.ConditionAt(t.Condition, t.Expiry, now)
			v.Suspended = t.State.Suspended
		}
		out = append(out, v)
	}
	return out, nil
}
