// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"net/http"

	"github.com/d204ef64/fob/validator/bank"
)

type checkInput struct {
	Body struct {
		Serial string `json:"serial,omitempty" maxLength:"64" doc:"serial number of the token; give either serial or user"`
		User   string `json:"user,omitempty" maxLength:"64" doc:"user of the token; give either serial or user"`
		Code   string `json:"code" maxLength:"64" doc:"the code exactly as typed; the bank does not trim or convert it" example:"123456"`
	}
}

func (s *server) checks() {
	add(s, endpoint{
		method: http.MethodPost, path: "/v1/check", id: "check", role: checkRole, guess: true,
		summary: "Check a code",
		more:    "It performs no operation. An unknown user or token is refused like a wrong code.",
	}, func(ctx context.Context, req *request, in *checkInput) (*body[Outcome], error) {
		if (in.Body.Serial == "") == (in.Body.User == "") {
			return nil, invalid("body.serial", "give either serial or user")
		}
		var out bank.Outcome
		var err error
		if in.Body.User != "" {
			if err := checkText("body.user", in.Body.User); err != nil {
				return nil, err
			}
			out, err = s.bank.CheckUser(ctx, req.by(), in.Body.User, in.Body.Code)
		} else {
			sn, perr := serial("body.serial", in.Body.Serial)
			if perr != nil {
				return nil, perr
			}
			out, err = s.bank.Check(ctx, req.by(), sn, in.Body.Code)
		}
		return s.outcome(req)(out, err)
	})
}
