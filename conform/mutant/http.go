// SPDX-License-Identifier: Apache-2.0

package mutant

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/d204ef64/fob/conform"
)

// Handler returns the HTTP interface of the server, with JSON in requests and answers:
//
//	POST /tokens                  {"serial", "user", "seed" in hexadecimal, "digits", "period"}
//	POST /files                   a form: contract, serial, user, format, key in hexadecimal, password, period, file
//	GET, DELETE /tokens/SERIAL
//	POST /tokens/SERIAL/users     {"user"}
//	POST /tokens/SERIAL/unlock, /tokens/SERIAL/revoke
//	POST /check, /other/check     {"serial", "user", "code"}
//	POST /resync                  {"serial", "user", "code", "second"}
//	PUT /clock                    {"now" in seconds}
//	POST /restart
//
// bankhttp.go has the requests of a bank.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(r *http.Request, in request) (int, any)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			var in request
			status, out := http.StatusBadRequest, any(map[string]string{"error": "not JSON"})
			if r.ContentLength == 0 || json.NewDecoder(r.Body).Decode(&in) == nil {
				status, out = f(r, in)
			}
			answerJSON(w, status, out)
		})
	}
	handle("POST /tokens", func(_ *http.Request, in request) (int, any) {
		key, err := hex.DecodeString(in.Seed)
		if err != nil {
			return http.StatusBadRequest, map[string]string{"error": "seed: want hexadecimal"}
		}
		return done(s.Import(in.Serial, in.User, key, in.Digits, in.Period))
	})
	mux.HandleFunc("POST /files", func(w http.ResponseWriter, r *http.Request) {
		status, out := done(s.upload(r))
		answerJSON(w, status, out)
	})
	handle("GET /tokens/{serial}", func(r *http.Request, _ request) (int, any) {
		st, err := s.Status(r.PathValue("serial"))
		if err != nil {
			return done(err)
		}
		return http.StatusOK, st
	})
	handle("DELETE /tokens/{serial}", func(r *http.Request, _ request) (int, any) { return done(s.Remove(r.PathValue("serial"))) })
	handle("POST /tokens/{serial}/users", func(r *http.Request, in request) (int, any) { return done(s.Assign(r.PathValue("serial"), in.User)) })
	handle("POST /tokens/{serial}/unlock", func(r *http.Request, _ request) (int, any) { return done(s.Unlock(r.PathValue("serial"))) })
	handle("POST /tokens/{serial}/revoke", func(r *http.Request, _ request) (int, any) { return done(s.Revoke(r.PathValue("serial"))) })
	for pattern, front := range map[string]string{"POST /check": "one", "POST /other/check": "other"} {
		handle(pattern, func(_ *http.Request, in request) (int, any) {
			return judged(s.Check(in.Serial, in.User, front, in.Code))
		})
	}
	handle("POST /resync", func(_ *http.Request, in request) (int, any) {
		return judged(s.Resync(in.Serial, in.User, in.Code, in.Second), "")
	})
	handle("PUT /clock", func(_ *http.Request, in request) (int, any) { s.SetClock(time.Unix(in.Now, 0)); return done(nil) })
	handle("POST /restart", func(*http.Request, request) (int, any) { s.Restart(); return done(nil) })
	s.handleBank(handle)
	return mux
}

// request has the fields of all requests.
type request struct {
	Serial, User, Seed, Code, Second string
	Digits                           uint8
	Period, Now                      int64

	Contract, Role, Operation, Condition, Cause, Old string
	Returned                                         bool
}

func answerJSON(w http.ResponseWriter, status int, out any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out)
}

func done(err error) (int, any) {
	switch {
	case errors.Is(err, ErrUnknown):
		return http.StatusNotFound, map[string]string{"error": err.Error()}
	case err != nil:
		return http.StatusConflict, map[string]string{"error": err.Error()}
	}
	return http.StatusOK, map[string]bool{"done": true}
}

func judged(verdict conform.Verdict, text string) (int, any) {
	if verdict == conform.Trouble {
		return http.StatusInternalServerError, map[string]string{"error": text}
	}
	return http.StatusOK, map[string]string{"answer": verdict.String(), "text": text}
}
