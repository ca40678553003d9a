// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
)

// TestEchoedSeed: C65 finds a seed in the answer to an import, whether that succeeds or is
// refused, and the report does not have it.
func TestEchoedSeed(t *testing.T) {
	seed := regexp.MustCompile(`[0-9a-fA-F]{40}`)
	for _, most := range []int{1000, 400} { // statuses from which on the seed is echoed
		handler := mutant.New("").Handler()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, r)
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes())
			if found := seed.Find(body); found != nil && (most == 1000 || answer.Code >= most) {
				_, _ = w.Write(append(bytes.Repeat([]byte("x "), 500), found...))
			}
		}))
		defer server.Close()
		o := open(t, strings.ReplaceAll(mutantFile(t), "http://127.0.0.1:8080", server.URL))
		cases, err := conform.Select(conform.Selection{IDs: []string{"C65"}})
		require.NoError(t, err)
		report, err := conform.Run(t.Context(), o.Target, conform.Options{Seed: 1, Cases: cases})
		require.NoError(t, err)
		require.Equal(t, conform.Fail, report.Results[0].Outcome)
		require.Contains(t, report.Results[0].Detail, map[int]string{1000: "the answer to an import contains the seed", 400: "the answer to a second import contains the seed"}[most])
		require.NotRegexp(t, seed, report.Results[0].Detail)
	}
}
