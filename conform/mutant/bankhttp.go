// SPDX-License-Identifier: Apache-2.0

package mutant

import (
	"net/http"

	"github.com/d204ef64/fob/conform"
)

// handleBank adds the requests of a bank:
//
//	POST /contracts                  {"contract"}
//	POST /people                     {"user", "role", "contract"}
//	POST /tokens/SERIAL/activate, /tokens/SERIAL/unlock_as, /tokens/SERIAL/revoke_as {"user", "code"}
//	POST /operations                 {"user", "operation", "code"}
//	POST /tokens/SERIAL/report       {"condition"}
//	POST /orders                     {"contract", "cause", "returned"}
//	POST /tokens/SERIAL/replace      {"contract", "old"}
//	GET /tokens/SERIAL/notices, /tokens/SERIAL/records
//	POST /daily
func (s *Server) handleBank(handle func(pattern string, f func(r *http.Request, in request) (int, any))) {
	handle("POST /contracts", func(_ *http.Request, in request) (int, any) { return done(s.AddContract(in.Contract)) })
	handle("POST /people", func(_ *http.Request, in request) (int, any) {
		return done(s.AddUser(conform.Person{ID: in.User, Contract: in.Contract, Role: conform.Role(in.Role)}))
	})
	for path, act := range map[string]func(user, serial, code string) conform.Answer{"activate": s.Activate, "unlock_as": s.UnlockAs, "revoke_as": s.RevokeAs} {
		handle("POST /tokens/{serial}/"+path, func(r *http.Request, in request) (int, any) {
			a := act(in.User, r.PathValue("serial"), in.Code)
			return judged(a.Verdict, a.Text)
		})
	}
	handle("POST /operations", func(_ *http.Request, in request) (int, any) {
		a := s.Operate(in.User, in.Operation, in.Code)
		return judged(a.Verdict, a.Text)
	})
	handle("POST /tokens/{serial}/report", func(r *http.Request, in request) (int, any) {
		return done(s.Report(r.PathValue("serial"), in.Condition))
	})
	handle("POST /orders", func(_ *http.Request, in request) (int, any) {
		fee, err := s.Order(conform.Order{Contract: in.Contract, Cause: in.Cause, Returned: in.Returned})
		if err != nil {
			return done(err)
		}
		return http.StatusOK, map[string]int64{"fee": fee}
	})
	handle("POST /tokens/{serial}/replace", func(r *http.Request, in request) (int, any) {
		return done(s.Replace(in.Contract, in.Old, r.PathValue("serial")))
	})
	handle("GET /tokens/{serial}/notices", func(r *http.Request, _ request) (int, any) {
		n, err := s.Notices(r.PathValue("serial"))
		if err != nil {
			return done(err)
		}
		list := make([]map[string]string, n)
		for i := range list {
			list[i] = map[string]string{"about": r.PathValue("serial")}
		}
		return http.StatusOK, list
	})
	handle("GET /tokens/{serial}/records", func(r *http.Request, _ request) (int, any) {
		text, err := s.Audit(r.PathValue("serial"))
		if err != nil {
			return done(err)
		}
		return http.StatusOK, text
	})
	handle("POST /daily", func(*http.Request, request) (int, any) { s.Daily(); return done(nil) })
}
