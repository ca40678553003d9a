// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"net/http"

	"github.com/d204ef64/fob/validator/bank"
)

type suspensionView struct {
	Suspended bool   `json:"suspended"`
	Way       string `json:"way,omitempty" enum:"no way,on screen,on paper" doc:"how it can be unlocked"`
	Rule      string `json:"rule,omitempty"`
	You       string `json:"you,omitempty" doc:"for a user: whether this user can unlock it, or why not" example:"own token"`
}

func (s *server) suspensions() {
	add(s, endpoint{
		method: http.MethodGet, path: "/v1/tokens/{serial}/suspension", id: "getSuspension", role: userRole | clerkRole,
		summary: "Whether a token is suspended, and how it can be unlocked (BK-07, BK-08)",
	}, func(ctx context.Context, req *request, in *SerialPath) (*body[suspensionView], error) {
		sn, err := serial("path.serial", in.Serial)
		if err != nil {
			return nil, err
		}
		return answerOf(func(found bank.Suspension) (v suspensionView) {
			v.Suspended = found.Suspended
			v.Way, v.Rule, _ = verdict(found.Way)
			_, _, v.You = verdict(found.You)
			return v
		})(s.bank.Suspension(ctx, req.by(), sn))
	})

	add(s, endpoint{
		method: http.MethodGet, path: "/v1/status", id: "getStatus", role: userRole,
		summary: "Get the status that a user's own page shows",
	}, func(ctx context.Context, req *request, _ *nothing) (*body[statusView], error) {
		st, err := s.bank.Status(ctx, req.caller.id)
		if err != nil {
			return nil, err
		}
		out := statusView{
			User: s.viewUser(st.User), Contract: viewContract(st.Contract), Suspended: st.Suspended,
			Users: []userView{}, Tokens: []tokenView{},
		}
		if !st.User.Token.IsZero() {
			out.Condition = st.Condition.String()
		}
		out.UnlockWay, out.UnlockRule, _ = verdict(st.UnlockWay)
		out.NoticeOn = day(st.NoticeOn)
		for _, u := range st.Users {
			out.Users = append(out.Users, s.viewUser(u))
		}
		for _, t := range st.Tokens {
			out.Tokens = append(out.Tokens, s.viewToken(req)(t))
		}
		return &body[statusView]{out}, nil
	})
}

type statusView struct {
	User       userView     `json:"user"`
	Contract   contractView `json:"contract"`
	Users      []userView   `json:"users" nullable:"false" doc:"all users of the contract; only a master or admin sees the tokens of others"`
	Tokens     []tokenView  `json:"tokens" nullable:"false"`
	Condition  string       `json:"condition,omitempty" doc:"status of the user's token"`
	Suspended  bool         `json:"suspended" doc:"whether the user's token is suspended"`
	UnlockWay  string       `json:"lift_way,omitempty" doc:"how it can be unlocked"`
	UnlockRule string       `json:"lift_rule,omitempty"`
	NoticeOn   string       `json:"notice_on,omitempty" format:"date" doc:"day from which the expiry is announced"`
}
