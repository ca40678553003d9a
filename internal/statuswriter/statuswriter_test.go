// SPDX-License-Identifier: Apache-2.0

package statuswriter_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/statuswriter"
)

func TestWriter(t *testing.T) {
	for _, test := range []struct {
		name  string
		serve func(http.ResponseWriter)
		want  int
	}{
		{"nothing is written", func(http.ResponseWriter) {}, 0},
		{"a body means 200", func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")) }, 200},
		{"the first status counts", func(w http.ResponseWriter) { w.WriteHeader(404); _, _ = w.Write([]byte("x")) }, 404},
		{"early hints do not count", func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(302) }, 302},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &statuswriter.Writer{ResponseWriter: httptest.NewRecorder()}
			test.serve(w)
			require.Equal(t, test.want, w.Code)
			require.NoError(t, http.NewResponseController(w).Flush())
		})
	}
}
