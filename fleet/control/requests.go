// SPDX-License-Identifier: Apache-2.0

package control

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// checked refuses requests of which a part would be ignored: a query that cannot be
// parsed, a parameter that is given twice, and a body in an encoding such as gzip. For the
// other requests, it negotiates the media type of the answer.
func (s *server) checked(ctx huma.Context, next func(huma.Context)) {
	if u := ctx.URL(); u.RawQuery != "" {
		if err := checkQuery(u.RawQuery); err != nil {
			respond(ctx, err)
			return
		}
	}
	if coding := ctx.Header("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") && ctx.Operation().RequestBody != nil {
		ctx.SetHeader("Accept-Encoding", "identity") // RFC 9110, section 12.5.3
		respond(ctx, newProblem(http.StatusUnsupportedMediaType, "unsupported_media_type",
			"the body is encoded: send it without Content-Encoding"))
		return
	}
	s.negotiated(ctx, next)
}

func checkQuery(raw string) *problem {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return invalid("query", "the query cannot be parsed: "+err.Error())
	}
	for name, values := range q {
		if len(values) > 1 {
			return invalid("query."+name, "the parameter is given more than once")
		}
	}
	return nil
}

// isClean reports whether a path has no empty and no dot segments. http.ServeMux would
// redirect other paths: /v1/tokens//press to /v1/tokens/press, which means another token.
func isClean(u *url.URL) bool {
	p := u.EscapedPath()
	clean := path.Clean("/" + p)
	return p == clean || p == clean+"/"
}
