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
	id           string // for those who make clients of the description
	summary      string
	more         string // description
	role         role
	guess        bool // it looks at a code or password
	heavy        bool // it runs for long
	status       int  // 0 is 200
	change       func(*huma.Operation)
	body         *huma.RequestBody // described and read by the operation itself
}

// add adds an operation. Who asks has been found out, and may, when h is called.
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
	if e.role != anybody {
		op.Security = []map[string][]string{{"bearer": {}}}
		op.Description = strings.TrimSpace(op.Description + "\n\nFor " + e.role.String() + ".")
		op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict)
	}
	if _, has := reflect.TypeFor[I]().FieldByName("Body"); has {
		op.Errors = append(op.Errors, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if e.role == anybody && e.guess {
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
		// The deadline for the body is over once it is read. Left in place it
		// would end the work on it, since the server listens on.
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
		// Only now: huma would read it.
		s.api.OpenAPI().Paths[e.path].Post.RequestBody = e.body
	}
}

// nothing is no input.
type nothing struct{}

// empty is an answer of 204.
type empty struct{}

// body is an answer.
type body[T any] struct{ Body T }

// made is an answer with a status that depends.
type made[T any] struct {
	Status int
	Body   T
}

// Paging is the part of a list that is wanted. It is exported, like others here,
// because huma does not look into what is embedded otherwise.
type Paging struct {
	After string `query:"after" maxLength:"200" doc:"next of the page before"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"lines at most"`
}

// list is a page of a list.
type listOf[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"give it as after for the following page; left out on the last"`
}

// lines turns a page of the bank's into one for the outside.
func lines[T, V any](items []T, next string, view func(T) V) *body[listOf[V]] {
	out := listOf[V]{Items: make([]V, 0, len(items)), Next: next}
	for _, i := range items {
		out.Items = append(out.Items, view(i))
	}
	return &body[listOf[V]]{out}
}
