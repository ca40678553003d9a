// SPDX-License-Identifier: Apache-2.0

package webapi

import (
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// CheckQuery returns the problem of a query that cannot be parsed, or has a parameter twice,
// and otherwise nil.
func CheckQuery(raw string) *Problem {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return Invalid("query", "the query cannot be parsed: "+err.Error())
	}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if len(q[name]) > 1 {
			return Invalid("query."+name, "the parameter is given more than once")
		}
	}
	return nil
}

// Unrouted answers a request that no pattern of a mux but "/" matches. See is the end
// of the sentence, such as ": see /openapi.json".
func Unrouted(mux *http.ServeMux, w http.ResponseWriter, r *http.Request, see string) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := *r
		other.Method = method
		if _, pattern := mux.Handler(&other); pattern != "/" && pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		NewProblem(http.StatusNotFound, "not_found", "there is nothing at this path"+see).Write(w)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	NewProblem(http.StatusMethodNotAllowed, "method_not_allowed",
		"this path has "+strings.Join(allowed, ", ")+" only"+see).Write(w)
}

// IsClean reports whether a path has no empty and no dot segments. http.ServeMux would
// redirect other paths: /v1/tokens//press to /v1/tokens/press, which means another token.
func IsClean(u *url.URL) bool {
	p := u.EscapedPath()
	clean := path.Clean("/" + p)
	return p == clean || p == clean+"/"
}
