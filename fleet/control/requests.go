// SPDX-License-Identifier: Apache-2.0

package control

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/internal/webapi"
)

// checked refuses requests of which a part would be ignored: a query that cannot be
// parsed, a parameter that is given twice, and a body in an encoding such as gzip. For the
// other requests, it negotiates the media type of the answer.
func (s *server) checked(ctx huma.Context, next func(huma.Context)) {
	if u := ctx.URL(); u.RawQuery != "" {
		if err := webapi.CheckQuery(u.RawQuery); err != nil {
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
