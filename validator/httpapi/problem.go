// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/validator/bank"
)

const realm = `Bearer realm="bank"`

// statuses maps the kinds of the bank's errors to HTTP statuses.
var statuses = []struct {
	kind   error
	status int
}{
	{bank.ErrInvalid, http.StatusUnprocessableEntity},
	{bank.ErrNotFound, http.StatusNotFound},
	{bank.ErrForbidden, http.StatusForbidden},
	{bank.ErrConflict, http.StatusConflict},
	{bank.ErrUnavailable, http.StatusServiceUnavailable},
	{bank.ErrLogin, http.StatusUnauthorized},
}

// fault turns an error into a problem. Internal errors are reported to [Options.Event]
// and hidden from the caller, who cannot do anything about them.
func (s *server) fault(ctx context.Context, op *huma.Operation, err error) error {
	req := requestOf(ctx)
	var told huma.StatusError
	if errors.As(err, &told) {
		return err
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return problem(http.StatusRequestEntityTooLarge,
			"the seed file is larger than "+strconv.FormatInt(tooLarge.Limit, 10)+" bytes: split it", "", nil)
	}
	for _, k := range statuses {
		if !errors.Is(err, k.kind) {
			continue
		}
		words := k.kind.Error()
		field := ""
		var be *bank.Error
		if errors.As(err, &be) {
			words, field = be.Problem, be.Field
		}
		header := http.Header{}
		switch k.status {
		case http.StatusServiceUnavailable:
			req.err = err
			words = "the bank is not available: try again in a moment"
			header.Set("Retry-After", "1")
		case http.StatusUnauthorized:
			header.Set("WWW-Authenticate", realm)
		}
		return problem(k.status, words, place(op, field), header)
	}
	var file *seedfile.Error
	if errors.As(err, &file) {
		return problem(http.StatusUnprocessableEntity, "the seed file was refused, and no token was imported: "+file.Error(), "body", nil)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		req.err = err
		return problem(http.StatusServiceUnavailable, "the request took too long: try again in a moment", "",
			http.Header{"Retry-After": {"1"}})
	}
	req.err = err
	return problem(http.StatusInternalServerError, "internal error in the bank: the request is not at fault", "", nil)
}

// place returns the location of a field, in the notation of huma's own validation, for
// example "path.serial".
func place(op *huma.Operation, field string) string {
	if field == "" {
		return ""
	}
	for _, p := range op.Parameters {
		if p.Name == field {
			return p.In + "." + field
		}
	}
	return "body." + field
}

func invalid(where, what string) error {
	return problem(http.StatusUnprocessableEntity, what, where, nil)
}

// problem returns an error as defined by RFC 9457.
func problem(status int, words, where string, header http.Header) error {
	m := &huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: words}
	if where != "" {
		m.Errors = []*huma.ErrorDetail{{Message: words, Location: where}}
	}
	if len(header) > 0 {
		return huma.ErrorWithHeaders(m, header)
	}
	return m
}

// writeProblem writes a problem outside huma's operations.
func writeProblem(w http.ResponseWriter, status int, words string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(&huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: words})
}

// maxFaults is the maximum number of wrong fields in a problem. maxPlace is the maximum
// length of a field's name. An answer must not grow with the size of the request.
const (
	maxFaults = 20
	maxPlace  = 100
)

// hideValues removes submitted values from problems. They may be codes or passwords.
func hideValues(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	out := *m
	out.Errors = nil
	for _, e := range m.Errors {
		if e == nil {
			continue
		}
		if len(out.Errors) == maxFaults {
			out.Errors = append(out.Errors, &huma.ErrorDetail{Message: "and more"})
			break
		}
		out.Errors = append(out.Errors, &huma.ErrorDetail{Message: e.Message, Location: shorten(e.Location)})
	}
	return &out, nil
}

func shorten(s string) string {
	if len(s) <= maxPlace {
		return s
	}
	r := []rune(s)
	return string(r[:min(len(r), maxPlace)]) + "…"
}
