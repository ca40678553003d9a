// SPDX-License-Identifier: Apache-2.0

package webapi_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/webapi"
)

// TestProblemsDoNotGrow checks that the problem of a query is small, however long the query is.
func TestProblemsDoNotGrow(t *testing.T) {
	long := strings.Repeat("a", 20_000)
	for _, query := range []string{long + "=1&" + long + "=2", long + "%zz", "%zz" + long, long + ";", strings.Repeat("%ff", 20_000) + "=1&" + strings.Repeat("%ff", 20_000)} {
		p := webapi.CheckQuery(query)
		require.NotNil(t, p)
		w := httptest.NewRecorder()
		p.Write(w)
		require.Less(t, w.Body.Len(), 3000, query[:10])
	}
}

// TestFirstProblem checks that the same query has the same problem each time.
func TestFirstProblem(t *testing.T) {
	for range 20 {
		require.Equal(t, "query.a", webapi.CheckQuery("c=1&c=2&b=1&b=2&a=1&a=2").Errors[0].Location)
	}
}
