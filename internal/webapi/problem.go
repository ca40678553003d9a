// SPDX-License-Identifier: Apache-2.0

package webapi

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
)

// Problem is an error as defined by RFC 9457, with a code that does not change when the
// words do.
type Problem struct {
	Status int            `json:"status" doc:"the HTTP status" example:"404"`
	Title  string         `json:"title" doc:"the text of the HTTP status" example:"Not Found"`
	Code   string         `json:"code" doc:"stable name of the kind of problem" example:"not_found"`
	Detail string         `json:"detail" doc:"the reason, for a person" example:"not in the fleet: there is no token ZZFB00000009"`
	Errors []WrongElement `json:"errors,omitempty" nullable:"false" doc:"the parts of the request that are wrong"`
}

// WrongElement is a part of a request that is wrong. It does not repeat the value.
type WrongElement struct {
	Message  string `json:"message" doc:"the reason" example:"time does not run backwards; skew a token instead"`
	Location string `json:"location,omitempty" doc:"such as body.by or query.limit" example:"body.by"`
}

// NewProblem returns a problem. A long detail is cut off.
func NewProblem(status int, code, detail string) *Problem {
	return &Problem{Status: status, Title: http.StatusText(status), Code: code, Detail: Shorten(detail, MaxDetail)}
}

// Invalid returns the problem of a value in the request.
func Invalid(where, detail string) *Problem {
	p := NewProblem(http.StatusUnprocessableEntity, "invalid", detail)
	p.Errors = []WrongElement{{Shorten(detail, MaxText), Shorten(where, MaxText)}}
	return p
}

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// ErrorClass implements errclass.Classed.
func (p *Problem) ErrorClass() errclass.Class { return errclass.Refused }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// Write answers a request with the problem.
func (p *Problem) Write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// Limits of a problem: it does not grow with the request.
const (
	MaxDetail = 1000 // bytes
	MaxWrong  = 20   // parts of the request that are wrong
	MaxText   = 200  // bytes about each
)

// Shorten cuts a text off after most bytes.
func Shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
