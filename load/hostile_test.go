// SPDX-License-Identifier: Apache-2.0

package load

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestHostileServer: no problem has a text of the server that could control a terminal, and
// none is long.
func TestHostileServer(t *testing.T) {
	const evil = "\x1b]0;evil\x07\x1b[2J\u009b1m\x9b\u202e"
	for line, want := range map[string]string{
		"HTTP/1.1 500 " + evil: "ZZFB00000001: 500 Internal Server Error",
		"HTTP/1.1 404 Fine":    "ZZFB00000001: 404 Not Found",
		"HTTP/1.1 799 " + evil: "ZZFB00000001: 799",
		"HTTP/1.1 000 " + evil: "ZZFB00000001: \"000 ",
		"HTTP/1.1 " + evil:     "ZZFB00000001: ",
		evil:                   "ZZFB00000001: ",
		"HTTP/1.1 " + strings.Repeat("long", 1000):   "...",
		"HTTP/1.1 200 OK\r\n" + evil:                 "ZZFB00000001: ",
		"HTTP/1.1 200 OK\r\nContent-Length: " + evil: "ZZFB00000001: ",
	} {
		target := answer(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			c, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = fmt.Fprintf(c, "%s\r\nConnection: close\r\n\r\n", line)
				_ = c.Close()
			}
		})
		r, _ := Run(t.Context(), Options{Scenario: Steady, Users: realUsers(t, 1, 1), Target: target, Duration: 50 * time.Millisecond})
		require.Equal(t, 1, r.Failed, "%q", line)
		require.Len(t, r.Problems, 1)
		require.Contains(t, r.Problems[0], want, "%q", line)
		require.Regexp(t, "^[ -~]+$", r.Problems[0], "%q", line)
		require.Less(t, len(r.Problems[0]), 2000)
	}
}
