// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

// problem is an error as defined by RFC 9457, with a code that does not change when the
// words do.
type problem struct {
	Status int            `json:"status" doc:"the HTTP status" example:"404"`
	Title  string         `json:"title" doc:"the text of the HTTP status" example:"Not Found"`
	Code   string         `json:"code" doc:"stable name of the kind of problem" example:"not_found"`
	Detail string         `json:"detail" doc:"the reason, for a person" example:"not in the fleet: there is no token ZZFB00000009"`
	Errors []wrongElement `json:"errors,omitempty" nullable:"false" doc:"the parts of the request that are wrong"`
}

// wrongElement is a part of a request that is wrong. It does not repeat the value.
type wrongElement struct {
	Message  string `json:"message" doc:"the reason" example:"time does not run backwards; skew a token instead"`
	Location string `json:"location,omitempty" doc:"such as body.by or query.limit" example:"body.by"`
}

func newProblem(status int, code, detail string) *problem {
	return &problem{Status: status, Title: http.StatusText(status), Code: code, Detail: shorten(detail, maxDetail)}
}

// Error returns the detail.
func (p *problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *problem) ContentType(string) string { return "application/problem+json" }

// kinds maps errors to problems. The first that matches counts.
var kinds = []struct {
	err    error
	status int
	code   string
}{
	{fleet.ErrSave, http.StatusInternalServerError, "not_saved"}, // first: Remove joins it with others
	{fleet.ErrEvents, http.StatusInternalServerError, "events_not_saved"},
	{ErrEnded, http.StatusServiceUnavailable, "ended"},
	{fleet.ErrNotFound, http.StatusNotFound, "not_found"},
	{fleet.ErrAmbiguous, http.StatusConflict, "ambiguous"},
	{fleet.ErrTimeout, http.StatusRequestTimeout, "wait_timeout"},
	{fleet.ErrNever, http.StatusUnprocessableEntity, "never"},
	{fleet.ErrBehind, http.StatusConflict, "wait_behind"},
	{fleet.ErrStopped, http.StatusConflict, "clock_stopped"},
	{fleet.ErrNoCode, http.StatusConflict, "no_code"},
	{fleet.ErrPlugged, http.StatusConflict, "port_state"},
	{fleet.ErrCount, http.StatusUnprocessableEntity, "token_limit"},
	{fleet.ErrLot, http.StatusUnprocessableEntity, "invalid_lot"},
	{fleet.ErrPeriod, http.StatusUnprocessableEntity, "invalid_period"},
	{fleet.ErrWindow, http.StatusUnprocessableEntity, "invalid_window"},
	{fleet.ErrSnapshot, http.StatusUnprocessableEntity, "invalid_snapshot"},
	{port.ErrBusy, http.StatusConflict, "port_unavailable"},
	{virtual.ErrClock, http.StatusUnprocessableEntity, "invalid_clock"},
	{port.ErrAddress, http.StatusConflict, "port_unavailable"},
	{port.ErrExposed, http.StatusConflict, "port_unavailable"},
}

// fault turns an error into a problem.
func fault(err error) error {
	var p *problem
	var status huma.StatusError
	if errors.As(err, &p) || errors.As(err, &status) {
		return err
	}
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return newProblem(k.status, k.code, err.Error())
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		_, why, _ := strings.Cut(err.Error(), context.DeadlineExceeded.Error())
		return newProblem(http.StatusRequestTimeout, "real_timeout", "the request took longer than its real_timeout"+why)
	}
	var classed errclass.Classed
	if errors.As(err, &classed) && classed.ErrorClass() == errclass.Usage {
		return newProblem(http.StatusUnprocessableEntity, "invalid", err.Error())
	}
	return newProblem(http.StatusInternalServerError, "internal", err.Error())
}

// invalid returns the problem of a value in the request.
func invalid(where, detail string) *problem {
	p := newProblem(http.StatusUnprocessableEntity, "invalid", detail)
	p.Errors = []wrongElement{{shorten(detail, maxText), where}}
	return p
}

// Limits of a problem: it does not grow with the request.
const (
	maxDetail = 1000 // bytes
	maxWrong  = 20   // parts of the request that are wrong
	maxText   = 200  // bytes about each
)

// shorten cuts a text off after most bytes.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// ended reports whether a request was cancelled because the fleet ends.
func ended(ctx context.Context) bool { return errors.Is(context.Cause(ctx), ErrEnded) }

// get adds an operation that changes nothing.
func get[I, O any](s *server, path, id, summary string, h func(*I) (*O, error)) {
	add(s, http.MethodGet, path, id, summary, func(_ context.Context, in *I) (*O, error) { return h(in) })
}

// add adds an operation.
func add[I, O any](s *server, method, path, id, summary string, h func(context.Context, *I) (*O, error)) {
	op := operation(method, path, id, summary)
	if s.o.BodyTimeout != 0 {
		op.BodyReadTimeout = s.o.BodyTimeout
	}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil && ended(ctx) && errors.Is(err, context.Canceled) {
			err = ErrEnded
		}
		if failed := s.fleet.Err(); failed != nil { // the answer may rely on an unsaved change
			err = failed
		}
		if err != nil {
			return nil, fault(err)
		}
		return out, nil
	})
}
