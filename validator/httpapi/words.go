// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
)

// Outcome is the result of an operation. All refusals of a code have the same two
// fields.
type Outcome struct {
	Done    bool   `json:"done" doc:"the operation was performed"`
	Answer  string `json:"answer,omitempty" enum:"refused,accepted,next code,corrected" doc:"result of the code check; omitted if no code was checked"`
	Way     string `json:"way,omitempty" enum:"no way,on screen,on paper" doc:"how it can be done, if a rule about rights refused it"`
	Rule    string `json:"rule,omitempty" doc:"rule that refused it" example:"BK-07"`
	Reason  string `json:"reason,omitempty" doc:"reason of that rule" example:"own token"`
	Receipt string `json:"receipt,omitempty" doc:"receipt number of the transaction" example:"260401-7K4M9QX2"`
}

// viewOutcome converts an outcome, and remembers whether a code was refused.
func (s *server) viewOutcome(req *request, o bank.Outcome) Outcome {
	out := Outcome{Done: o.Done, Receipt: o.Receipt}
	switch {
	case o.ByRule():
		out.Way, out.Rule, out.Reason = verdict(o.Verdict)
		return out
	case o.Done && o.Answer == validator.Refused:
		return out // no code was checked
	}
	out.Answer = o.Answer.String()
	req.failedAttempt = o.CodeRefused()
	return out
}

// verdict returns the fields of a rule's verdict, or "" if no rule applied.
func verdict(v validator.Verdict) (way, rule, reason string) {
	if v.IsZero() {
		return "", "", ""
	}
	return v.Way.String(), v.Rule.String(), v.Reason.String()
}

// outcome returns the function that converts an outcome of the bank.
func (s *server) outcome(req *request) func(bank.Outcome, error) (*body[Outcome], error) {
	return answerOf(func(o bank.Outcome) Outcome { return s.viewOutcome(req, o) })
}

// viewCreated is viewOutcome with a status: 201 if something was created, otherwise
// 200.
func (s *server) viewCreated(req *request, o bank.Outcome) (Outcome, int) {
	out := s.viewOutcome(req, o)
	if o.Done {
		return out, 201
	}
	return out, 200
}

// instant formats a time, or returns "" for 0.
func instant(t token.UnixSeconds) string {
	if t == 0 {
		return ""
	}
	return time.Unix(int64(t), 0).UTC().Format(time.RFC3339)
}

// slug returns an operation's name as used in JSON.
func slug(op validator.Operation) string { return strings.ReplaceAll(op.String(), " ", "-") }

// operation parses a name that slug returned.
func operation(name string) (validator.Operation, bool) {
	for _, op := range validator.Operations() {
		if slug(op) == name {
			return op, true
		}
	}
	return validator.OpNone, false
}

// parseName returns the value whose String is name. huma has checked the name against the
// list in the description. Any other name returns the zero value.
func parseName[T interface {
	~uint8
	String() string
}](name string, values ...T) T {
	for _, v := range values {
		if v.String() == name {
			return v
		}
	}
	var zero T
	return zero
}

func roleOf(name string) validator.Role {
	return parseName(name, validator.PlainUser, validator.Admin, validator.Master)
}

func conditionOf(name string) validator.Condition {
	return parseName(name, validator.InUse, validator.Expired, validator.Broken, validator.Lost, validator.Revoked)
}

// checkText rejects text that cannot be a name and that some databases cannot search for:
// control characters, including NUL, and invalid UTF-8.
func checkText(where, text string) error {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return invalid(where, "contains a control character, or is not UTF-8")
	}
	return nil
}

// serial parses a serial number; "" returns the zero serial number. The error may be
// shown to the caller, because it depends only on the caller's own text.
func serial(where, text string) (token.Serial, error) {
	if text == "" {
		return token.Serial{}, nil
	}
	sn, err := token.ParseSerial(text)
	if err != nil {
		return token.Serial{}, invalid(where, err.Error())
	}
	return sn, nil
}
