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
	"github.com/d204ef64/fob/internal/webapi"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

// problem is the form of an error.
type problem = webapi.Problem

// newProblem and invalid make problems.
var (
	newProblem = webapi.NewProblem
	invalid    = webapi.Invalid
)

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
	{fleet.ErrNoSeed, http.StatusConflict, "no_seed"},
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
