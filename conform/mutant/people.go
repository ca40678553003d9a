// SPDX-License-Identifier: Apache-2.0

package mutant

import (
	"maps"
	"time"

	"github.com/d204ef64/fob/conform"
)

// person is a user of a contract.
type person struct {
	conform.Person
	token string // serial number of the token that they use, or ""
}

// AddContract adds a contract.
func (s *Server) AddContract(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.contracts[id] != nil {
		return ErrExists
	}
	s.contracts[id] = &contract{}
	return nil
}

// AddUser adds a user to a contract.
func (s *Server) AddUser(p conform.Person) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.contracts[p.Contract] == nil:
		return ErrUnknown
	case s.people[p.ID] != nil:
		return ErrExists
	}
	s.people[p.ID] = &person{Person: p}
	return nil
}

// The texts of answers to users.
const (
	doneText  = "done"
	paperText = "only by an application on paper"
)

func answer(v conform.Verdict, text string) conform.Answer {
	return conform.Answer{Verdict: v, Text: text, OnPaper: text == paperText}
}

// usable reports whether a token is in use now.
func (s *Server) usable(t *state) bool {
	now := s.now()
	if s.is("C52") && !t.expiry.IsZero() && now > t.expiry.Unix() {
		now -= int64(japan.Seconds())
	}
	return !t.revoked && t.condition == "" && t.valid(now)
}

// Activate registers a token for a user, with a code of it.
func (s *Server) Activate(user, serial, code string) conform.Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, t := s.people[user], s.tokens[serial]
	if p == nil || t == nil || t.contract != p.Contract && !s.is("BK-12") {
		return answer(conform.Refused, refusedText)
	}
	used, gone := maps.Clone(t.last), t.revoked
	if s.is("C51") {
		t.revoked = false
	}
	a := answer(s.judge(t, serial, user, "", code, "activate"))
	t.revoked = gone && a.Verdict != conform.Accepted
	if a.Verdict != conform.Accepted {
		return a
	}
	if s.is("C64") {
		t.last = used
	}
	if old := s.tokens[p.token]; old != nil {
		delete(old.users, user)
	}
	t.users[user], p.token = true, serial
	return answer(conform.Accepted, doneText)
}

// needsCode are the operations that need a code.
var needsCode = map[string]bool{
	"transfer": true, "pay-easy": true, "register-payee": true, "approve-bulk-transfer": true, "approve-payroll": true,
	"register-bulk-payee": true, "send-file": true,
}

// Operate does an operation of a user.
func (s *Server) Operate(user, operation, code string) conform.Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.people[user]
	if p == nil {
		return answer(conform.Refused, refusedText)
	}
	if !needsCode[operation] || s.is("BK-04") && operation == "register-payee" && code == "" {
		return answer(conform.Accepted, doneText)
	}
	t := s.tokens[p.token]
	if t == nil {
		return answer(conform.Refused, refusedText)
	}
	locked := t.locked
	if s.is("BK-05") && operation == "send-file" {
		t.locked = map[string]time.Time{}
		defer func() { t.locked = locked }()
	}
	return answer(s.judge(t, p.token, user, "", code, operation))
}

// UnlockAs is a user who unlocks a token with a code of their own one.
func (s *Server) UnlockAs(user, serial, code string) conform.Answer {
	return s.manage(user, serial, code, "unlock", func(t *state) { s.unlock(t) })
}

// RevokeAs is a user who revokes a token with a code of their own one.
func (s *Server) RevokeAs(user, serial, code string) conform.Answer {
	return s.manage(user, serial, code, "revoke", func(t *state) { s.revoke(t, serial) })
}

// manage lets a master or an admin act on a token that they do not use, with a code of
// their own one.
func (s *Server) manage(user, serial, code, what string, do func(*state)) conform.Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, t := s.people[user], s.tokens[serial]
	if p == nil || t == nil || p.Contract != t.contract {
		return answer(conform.Refused, refusedText)
	}
	own := s.tokens[p.token]
	a := answer(conform.Refused, refusedText)
	switch {
	case p.Role == conform.User && !(s.is("C47") && what == "unlock"), own == nil, own == t:
	case !s.usable(own) && !(s.is("C50") && own.condition == "lost" && what == "revoke"):
	case what == "unlock" && s.isLocked(own, "") && s.is("C48"):
		a = answer(conform.Accepted, doneText)
	default:
		if s.is("C50") {
			own.condition = ""
		}
		a = answer(s.judge(own, p.token, user, "", code, what+" "+serial))
	}
	t.note(user, what, a.Verdict)
	if a.Verdict == conform.Accepted {
		do(t)
		return answer(conform.Accepted, doneText)
	}
	if !s.onScreen(p.Contract, t) || own != nil && !s.usable(own) {
		a = answer(conform.Refused, paperText)
	}
	return a
}

// onScreen reports whether a master or an admin of a contract can act on a token.
func (s *Server) onScreen(contract string, t *state) bool {
	for _, p := range s.people {
		own := s.tokens[p.token]
		if p.Contract == contract && p.Role != conform.User && own != nil && own != t && s.usable(own) && !s.isLocked(own, "") {
			return true
		}
	}
	return false
}
