// SPDX-License-Identifier: Apache-2.0

package cases_test

import (
	"context"
	"net/http"
)

// codeKey is the context key of the code in a request that passes through a faulty
// target.
type codeKey struct{}

func withCode(r *http.Request, code string) context.Context {
	return context.WithValue(r.Context(), codeKey{}, code)
}
