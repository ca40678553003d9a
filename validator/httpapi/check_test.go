// SPDX-License-Identifier: Apache-2.0

package httpapi_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank/banktest"
)

func TestCheckAcceptsOnce(t *testing.T) {
	s := start(t)
	s.Contract("c1")
	sn := s.Issued("c1")
	code := s.Code(sn, 0)
	r := s.do(s.check, "POST", "/v1/check", m{"serial": sn.String(), "code": code}).is(200)
	require.JSONEq(t, `{"done":true,"answer":"accepted"}`, r.text)
	r = s.do(s.check, "POST", "/v1/check", m{"serial": sn.String(), "code": code}).is(200)
	require.JSONEq(t, `{"done":false,"answer":"refused"}`, r.text)

	// The audit record names the channel and the source of the request.
	rec := s.LastAudit(sn)
	require.Equal(t, "http", rec.Channel)
	require.Equal(t, "127.0.0.1", rec.Source)
	require.Equal(t, validator.ReasonReplayed.String(), rec.Reason)
}

func TestCheckUser(t *testing.T) {
	s := start(t)
	s.alice()
	r := s.do(s.check, "POST", "/v1/check", m{"user": "alice", "code": s.Code(banktest.Serial(0), 0)}).is(200)
	require.JSONEq(t, `{"done":true,"answer":"accepted"}`, r.text)
}

func TestCheckNextCode(t *testing.T) {
	s := start(t)
	s.Contract("c1")
	sn := s.Issued("c1")
	r := s.do(s.check, "POST", "/v1/check", m{"serial": sn.String(), "code": s.Code(sn, 5)}).is(200)
	require.JSONEq(t, `{"done":false,"answer":"next code"}`, r.text)
}

// An answer must not reveal why a code was refused. Body and headers are equal byte for
// byte.
func TestRefusalsAreEqual(t *testing.T) {
	s := start(t)
	s.Contract("c1")
	s.User("c1", "master", validator.Master)
	good := s.Issued("c1")
	wrong, used, suspended, revoked, lost, inventory := s.Issued("c1"), s.Issued("c1"), s.Issued("c1"), s.Issued("c1"), s.Issued("c1"), s.Inventory()
	check := func(body m) reply { return s.do(s.check, "POST", "/v1/check", body).is(200) }
	require.Equal(t, true, check(m{"serial": used.String(), "code": s.Code(used, 0)}).json()["done"])
	for range 5 {
		check(m{"serial": suspended.String(), "code": s.WrongCode(suspended)})
	}
	_, err := s.Bank.Revoke(t.Context(), banktest.Clerk, revoked, "")
	require.NoError(t, err)
	_, err = s.Bank.Report(t.Context(), banktest.Clerk, lost, validator.Lost)
	require.NoError(t, err)

	one := check(m{"serial": wrong.String(), "code": s.WrongCode(wrong)})
	one.header.Del("Date")
	cases := map[string]func() m{
		"used":           func() m { return m{"serial": used.String(), "code": s.Code(used, 0)} },
		"suspended":      func() m { return m{"serial": suspended.String(), "code": s.Code(suspended, 0)} },
		"revoked":        func() m { return m{"serial": revoked.String(), "code": s.Code(revoked, 0)} },
		"lost":           func() m { return m{"serial": lost.String(), "code": s.Code(lost, 0)} },
		"unknown":        func() m { return m{"serial": "NO-SUCH-TOKEN", "code": "123456"} },
		"unknown user":   func() m { return m{"user": "nobody", "code": "123456"} },
		"user, no token": func() m { return m{"user": "master", "code": "123456"} },
		"five digits":    func() m { return m{"serial": wrong.String(), "code": "12345"} },
		"trailing space": func() m { return m{"serial": wrong.String(), "code": s.Code(wrong, 0) + " "} },
		"leading space":  func() m { return m{"serial": wrong.String(), "code": " " + s.Code(wrong, 0)} },
		"inner space":    func() m { c := s.Code(wrong, 0); return m{"serial": wrong.String(), "code": c[:3] + " " + c[3:]} },
		"plus":           func() m { return m{"serial": wrong.String(), "code": "+" + s.Code(wrong, 0)[1:]} },
		"newline":        func() m { return m{"serial": wrong.String(), "code": s.Code(wrong, 0) + "\n"} },
		"NUL":            func() m { return m{"serial": wrong.String(), "code": s.Code(wrong, 0) + "\x00"} },
		"full width":     func() m { return m{"serial": wrong.String(), "code": fullWidth(s.Code(wrong, 0))} },
		"empty":          func() m { return m{"serial": wrong.String(), "code": ""} },
		"expired": func() m {
			s.Clock.Set(2_000_000_000)
			return m{"serial": inventory.String(), "code": s.Code(inventory, 0)}
		},
		"expired, wrong":  func() m { return m{"serial": inventory.String(), "code": s.WrongCode(inventory)} },
		"expired, letter": func() m { return m{"serial": inventory.String(), "code": "12345a"} },
	}
	order := []string{
		"used", "suspended", "revoked", "lost", "unknown", "unknown user", "user, no token", "five digits", "trailing space",
		"leading space", "inner space", "plus", "newline", "NUL", "full width", "empty", "expired", "expired, wrong", "expired, letter",
	}
	require.Len(t, order, len(cases))
	for _, name := range order {
		if name == "expired" {
			// The next case moves the clock beyond the expiry of the good token, too.
			// So check that token now.
			require.Equal(t, true, check(m{"serial": good.String(), "code": s.Code(good, 0)}).json()["done"])
		}
		r := check(cases[name]())
		r.header.Del("Date")
		require.Equal(t, one.text, r.text, name)
		require.Equal(t, one.header, r.header, name)
	}
	require.Equal(t, "{\"done\":false,\"answer\":\"refused\"}\n", one.text)
}

func fullWidth(code string) string {
	return strings.Map(func(r rune) rune { return r - '0' + '０' }, code)
}

// A code must be a JSON string: a number would lose its leading zeros.
func TestCodeIsAString(t *testing.T) {
	s := start(t)
	s.Contract("c1")
	sn := s.Issued("c1").String()
	for body, want := range map[string]int{
		`{"serial":"` + sn + `","code":246813}`:                                 422,
		`{"serial":"` + sn + `","code":null}`:                                   422,
		`{"serial":"` + sn + `","code":["246813"]}`:                             422,
		`{"serial":"` + sn + `","code":{"a":"246813"}}`:                         422,
		`{"serial":"` + sn + `","code":true}`:                                   422,
		`{"serial":"` + sn + `"}`:                                               422,
		`{"code":"246813"}`:                                                     422,
		`{"serial":"` + sn + `","user":"alice","code":"246813"}`:                422,
		`{"serial":"` + sn + `","code":"246813","extra":1}`:                     422,
		`{"serial":"` + sn + `","CODE":"246813"}`:                               422,
		`{"serial":"` + sn + `","code":"246813","Code":"246813"}`:               422,
		`{"serial":"` + sn + `","code":"246813","code":"246813"}`:               400,
		`{"serial":"` + sn + `","code":"246813"`:                                400,
		`{"serial":"` + sn + `","code":"246813"}{}`:                             400,
		"{\"serial\":\"" + sn + "\",\"code\":\"246813\xff\"}":                   400,
		`{"serial":"` + sn + `","code":"` + strings.Repeat("246813", 20) + `"}`: 422,
		`{"serial":"` + strings.Repeat("9", 65) + `","code":"246813"}`:          422,
		`{"serial":"not_one","code":"246813"}`:                                  422,
		`{"serial":12,"code":"246813"}`:                                         422,
		`null`:                                                                  422,
		`[]`:                                                                    422,
		`"246813"`:                                                              422,
		strings.Repeat("[", 20000):                                              400,
		``:                                                                      400,
	} {
		r := s.do(s.check, "POST", "/v1/check", body)
		require.Equal(t, want, r.status, "%.100s → %s", body, r.text)
		require.Equal(t, "application/problem+json", r.header.Get("Content-Type"))
		require.NotContains(t, r.text, "246813", "the answer contains the submitted code")
	}
	// None of these requests reached the bank.
	tok, err := s.Bank.Token(t.Context(), banktest.Clerk, banktest.Serial(0))
	require.NoError(t, err)
	require.Zero(t, tok.State.FailedAttempts)

	s.send(s.check, "POST", "/v1/check", "text/plain", `{"serial":"`+sn+`","code":"246813"}`).is(415)
	s.send(s.check, "POST", "/v1/check", "application/x-www-form-urlencoded", "serial="+sn).is(415)
	s.do(s.check, "POST", "/v1/check", `{"serial":"`+sn+`","code":"`+strings.Repeat("1", 70000)+`"}`).is(413)
	s.do(s.check, "POST", "/v1/check?code=1", m{"serial": sn, "code": "000000"}).is(422)
}
