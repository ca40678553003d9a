// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"errors"
	"fmt"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/validator/store"
)

// The kinds of errors that a caller can act on; see [Error].
var (
	ErrInvalid     = errclass.New(errclass.Usage, "invalid request")
	ErrNotFound    = errclass.New(errclass.Usage, "not found")
	ErrForbidden   = errclass.New(errclass.Refused, "not allowed")
	ErrConflict    = errclass.New(errclass.Refused, "conflict")
	ErrLogin       = errclass.New(errclass.Refused, "login refused")
	ErrUnavailable = store.ErrUnavailable // try again later
	ErrClock       = errclass.New(errclass.Unreachable, "the bank's clock is not available")
)

// Error is an error that the caller can act on. It wraps Kind.
type Error struct {
	Kind    error
	Field   string // of the request; "" for none
	Problem string // the problem and its remedy; never a secret
	Cause   error  // the error of a seed file's reader, or nil; included in Problem
}

// Error returns "field: problem", or the problem alone.
func (e *Error) Error() string {
	if e.Field == "" {
		return e.Problem
	}
	return e.Field + ": " + e.Problem
}

// Unwrap returns Kind.
func (e *Error) Unwrap() error { return e.Kind }

func invalid(field, format string, args ...any) error {
	return &Error{Kind: ErrInvalid, Field: field, Problem: fmt.Sprintf(format, args...)}
}

func notFound(what, id string) error {
	return &Error{Kind: ErrNotFound, Problem: fmt.Sprintf("there is no %s %q", what, id)}
}

func forbidden(problem string) error { return &Error{Kind: ErrForbidden, Problem: problem} }

func conflict(format string, args ...any) error {
	return &Error{Kind: ErrConflict, Problem: fmt.Sprintf(format, args...)}
}

// missing converts the store's "not found" into an error that names the missing object.
func missing(err error, what, id string) error {
	if errors.Is(err, store.ErrNotFound) {
		return notFound(what, id)
	}
	return err
}
