// SPDX-License-Identifier: Apache-2.0

package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// endpoint is one operation of the interface.
type endpoint struct {
	method, path string
	id           string // the operation's name in generated clients
	summary      string
	more         string // the description below the summary
	role         role
	guess        bool // it checks a code or password
	heavy        bool // it runs for long
	status       int  // 0 means 200
	change       func(*huma.Operation)
	body         *huma.RequestBody // for an operation that reads its own body
}

// add adds an operation. When h is called, the caller is authenticated and has one of
// the operation's roles.
func add[I, O any](s *server, e endpoint, h func(ctx context.Context, req *request, in *I) (*O, error)) {
	op := huma.Operation{
		Method:          e.method,
		Path:            e.path,
		OperationID:     e.id,
		Summary:         e.summary,
		Description:     e.more,
		Tags:            []string{strings.Split(e.path, "/")[2]},
		DefaultStatus:   e.status,
		MaxBodyBytes:    maxBody,
		BodyReadTimeout: bodyWait,
		Metadata:        map[string]any{metaRole: e.role},
		Errors:          []int{http.StatusBadRequest, http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}
	if e.role != public {
		op.Security = []map[string][]string{{"bearer": {}}}
		op.Description = strings.TrimSpace(op.Description + "\n\nFor " + e.role.String() + ".")
		op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict)
	}
	if _, has := reflect.TypeFor[I]().FieldByName("Body"); has {
		op.Errors = append(op.Errors, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if e.role == public && e.guess {
		op.Errors = append(op.Errors, http.StatusUnauthorized)
	}
	if e.guess {
		op.Metadata[metaGuess] = true
	}
	if e.heavy {
		op.Metadata[metaHeavy] = true
	}
	if e.change != nil {
		e.change(&op)
	}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		req := requestOf(ctx)
		rc := http.NewResponseController(req.w)
		// The body has been read, so clear its deadline. If it expired during the work,
		// it would cancel the request's context, because the server keeps reading from
		// the connection.
		_ = rc.SetReadDeadline(time.Time{})
		if e.heavy {
			_ = rc.SetWriteDeadline(time.Time{})
		}
		out, err := h(ctx, req, in)
		if err != nil {
			return nil, s.fault(ctx, req.op, err)
		}
		return out, nil
	})
	if e.body != nil {
		// Set the body only now. If it were set before, huma would read it.
		s.api.OpenAPI().Paths[e.path].Post.RequestBody = e.body
	}
}

// nothing is the input of an operation without input.
type nothing struct{}

// empty is a 204 answer.
type empty struct{}

// body is an answer with a body.
type body[T any] struct{ Body T }

// statusBody is an answer whose status depends on the outcome.
type statusBody[T any] struct {
	Status int
	Body   T
}

// Paging selects a page of a list. It is exported, like other input types here, because
// huma ignores embedded fields of unexported types.
type Paging struct {
	After string `query:"after" maxLength:"200" doc:"next of the previous page"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"maximum number of items"`
}

// listOf is a page of a list.
type listOf[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"send it as after to get the next page; omitted on the last page"`
}

// pageOf returns the function that converts a page of the bank's entries into a page of
// the answer.
func pageOf[T, V any](view func(T) V) func(items []T, next string, err error) (*body[listOf[V]], error) {
	return func(items []T, next string, err error) (*body[listOf[V]], error) {
		if err != nil {
			return nil, err
		}
		out := listOf[V]{Items: make([]V, 0, len(items)), Next: next}
		for _, i := range items {
			out.Items = append(out.Items, view(i))
		}
		return &body[listOf[V]]{out}, nil
	}
}

// answerOf returns the function that converts an answer of the bank.
func answerOf[T, V any](view func(T) V) func(T, error) (*body[V], error) {
	return func(v T, err error) (*body[V], error) {
		if err != nil {
			return nil, err
		}
		return &body[V]{view(v)}, nil
	}
}
