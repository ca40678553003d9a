// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Link is an address that logs a browser in to the page of the fleet.
type Link struct {
	URL     string    `json:"url" doc:"opens the page, once" example:"http://127.0.0.1:8080/login/X7Q2"`
	Expires time.Time `json:"expires" doc:"from then on, it opens nothing"`
}

// linkInput has the address at which the request was made.
type linkInput struct{ base string }

// Resolve implements huma.Resolver.
func (in *linkInput) Resolve(ctx huma.Context) []error {
	if in.base = "http://" + ctx.Host(); ctx.TLS() != nil {
		in.base = "https://" + ctx.Host()
	}
	return nil
}

func (s *server) links() {
	add(s, http.MethodPost, "/v1/links", "make-link", "Make a link that opens the page in a browser",
		func(_ context.Context, in *linkInput) (*body[Link], error) {
			if s.o.NewLink == nil {
				return nil, newProblem(http.StatusNotFound, "no_page", "this fleet has no page")
			}
			path, expires := s.o.NewLink()
			return &body[Link]{Link{in.base + path, expires.UTC()}}, nil
		})
}
