// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/d204ef64/fob/validator/bank"
)

var (
	errFormToken = errors.New("the form token does not belong to the session")
	errNoPage    = errors.New("no such page")
)

// forged is a form that may come from another site.
type forged struct{ error }

// badForm is a form that cannot be read.
type badForm struct{ error }

func (e *badForm) Unwrap() error { return e.error }

// failure returns the HTTP status for an error and the key of its text.
func failure(err error) (int, string) {
	var (
		fake *forged
		bad  *badForm
		many *tooMany
		big  *http.MaxBytesError
	)
	switch {
	case errors.As(err, &fake):
		return http.StatusForbidden, "forged"
	case errors.As(err, &big):
		return http.StatusRequestEntityTooLarge, "large"
	case errors.As(err, &bad):
		return http.StatusBadRequest, "form"
	case errors.As(err, &many):
		return http.StatusTooManyRequests, "many"
	case errors.Is(err, errNoPage), errors.Is(err, bank.ErrNotFound):
		return http.StatusNotFound, "missing"
	case errors.Is(err, bank.ErrForbidden):
		return http.StatusForbidden, "forbidden"
	case errors.Is(err, bank.ErrInvalid):
		return http.StatusUnprocessableEntity, "invalid"
	case errors.Is(err, bank.ErrConflict):
		return http.StatusConflict, "conflict"
	case errors.Is(err, bank.ErrUnavailable):
		return http.StatusServiceUnavailable, "unavailable"
	}
	return http.StatusInternalServerError, "internal"
}

// errorData is the content of the error page.
type errorData struct {
	Status int
	Key    string
	Detail string // the problem that the bank found, for clerks
	Wait   int64  // seconds
	Home   string
}

// showError writes the error page.
func (c *call) showError(err error) {
	status, key := failure(err)
	d := errorData{Status: status, Key: key, Home: c.area.prefix + "/"}
	var many *tooMany
	if errors.As(err, &many) {
		d.Wait = many.seconds()
		c.w.Header().Set("Retry-After", strconv.FormatInt(d.Wait, 10))
	}
	switch key {
	case "forged":
		c.o.Event(Event{Kind: "refused", Page: c.r.Pattern, Source: c.by.Source, Err: err})
	case "internal", "unavailable":
		if !errors.Is(err, context.Canceled) {
			c.o.Event(Event{Kind: "error", Page: c.r.Pattern, Source: c.by.Source, Err: err})
		}
	}
	var own *bank.Error
	if c.area == deskArea && c.opened && errors.As(err, &own) {
		d.Detail = c.detail(err)
	}
	if err := c.show(status, "error", "error."+key+".title", d); err != nil {
		c.o.Event(Event{Kind: "error", Page: c.r.Pattern, Source: c.by.Source, Err: err})
		http.Error(c.w, "500", http.StatusInternalServerError)
	}
}
