// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"net/http"

	"github.com/d204ef64/fob/token"
)

type reportInput struct {
	SerialPath
	Body struct {
		Condition string `json:"condition" enum:"lost,broken,in use" doc:"lost (also for stolen), broken, or in use, which cancels either report"`
	}
}

type issueInput struct {
	Contract string `path:"contract" maxLength:"32"`
	Body     struct {
		Serials []string `json:"serials" minItems:"1" maxItems:"1000" nullable:"false"`
	}
}

type settingsView struct {
	LockoutThreshold int    `json:"wrong_limit" doc:"consecutive failed attempts that suspend a token"`
	Window           int64  `json:"window_steps"`
	LookAhead        int64  `json:"second_band_steps"`
	ResyncWindow     int64  `json:"resync_reach_steps"`
	DriftInterval    int64  `json:"learn_every_seconds"`
	CountReplayed    bool   `json:"count_replayed"`
	CountMalformed   bool   `json:"count_malformed"`
	UnlockNeedsOTP   bool   `json:"lift_needs_otp"`
	ActivateNeedsOTP bool   `json:"activate_needs_otp"`
	ReactivateAfter  int64  `json:"reactivate_after_seconds"`
	ActivationLimit  int    `json:"activation_limit" doc:"refused activations that lock activation for a user"`
	ActivationLock   int64  `json:"activation_lock_seconds" doc:"0: until a clerk unlocks it"`
	SelfUnlock       bool   `json:"self_lift" doc:"a user who has registered another token may unlock the previous one"`
	UsersSeeTokens   bool   `json:"users_see_tokens" doc:"users see all tokens of the contract; otherwise only their own"`
	NoticeMonths     int    `json:"notice_months"`
	LifeYears        int    `json:"life_years" doc:"for information: expiry dates come from seed files"`
	Fee              int64  `json:"fee_yen"`
	DeliveryFrom     int    `json:"delivery_from_days"`
	DeliveryTo       int    `json:"delivery_to_days"`
	Now              string `json:"now" format:"date-time" doc:"time of the bank's clock"`
}

// backOffice adds the clerks' operations on tokens and the bank's settings.
func (s *server) backOffice() {
	add(s, endpoint{
		method: http.MethodPost, path: "/v1/tokens/{serial}/report", id: "reportToken", role: clerkRole,
		summary: "Record a lost, stolen or broken token",
	}, func(ctx context.Context, req *request, in *reportInput) (*body[Outcome], error) {
		sn, err := serial("path.serial", in.Serial)
		if err != nil {
			return nil, err
		}
		return s.outcome(req)(s.bank.Report(ctx, req.by(), sn, conditionOf(in.Body.Condition)))
	})

	add(s, endpoint{
		method: http.MethodPost, path: "/v1/contracts/{contract}/tokens", id: "issueTokens", role: clerkRole, status: http.StatusNoContent,
		summary: "Issue tokens from the inventory to a contract without an order",
	}, func(ctx context.Context, req *request, in *issueInput) (*empty, error) {
		var serials []token.Serial
		for _, text := range in.Body.Serials {
			sn, err := serial("body.serials", text)
			if err != nil {
				return nil, err
			}
			serials = append(serials, sn)
		}
		return &empty{}, s.bank.Issue(ctx, req.by(), in.Contract, serials...)
	})

	add(s, endpoint{
		method: http.MethodGet, path: "/v1/settings", id: "getSettings", role: clerkRole | auditRole,
		summary: "Get the bank's settings",
	}, func(ctx context.Context, req *request, _ *nothing) (*body[settingsView], error) {
		v := s.bank.Settings()
		return &body[settingsView]{settingsView{
			LockoutThreshold: v.LockoutThreshold, Window: v.Window, LookAhead: v.LookAhead, ResyncWindow: v.ResyncWindow,
			DriftInterval: int64(v.DriftInterval), CountReplayed: v.CountReplayed, CountMalformed: v.CountMalformed,
			UnlockNeedsOTP: v.UnlockNeedsOTP, ActivateNeedsOTP: v.ActivateNeedsOTP, ReactivateAfter: int64(v.ReactivateAfter),
			ActivationLimit: v.ActivationLimit, ActivationLock: int64(v.ActivationLock),
			SelfUnlock: v.SelfUnlock, UsersSeeTokens: v.UsersSeeTokens,
			NoticeMonths: v.NoticeMonths, LifeYears: v.LifeYears, Fee: int64(v.Fee),
			DeliveryFrom: v.DeliveryFrom, DeliveryTo: v.DeliveryTo, Now: instant(s.bank.Now()),
		}}, nil
	})
}
