// SPDX-License-Identifier: Apache-2.0

package uitest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// failing is a test that fails on purpose, and keeps its messages.
type failing struct {
	testing.TB
	failed   bool
	messages strings.Builder
}

func (f *failing) Failed() bool { return f.failed }

func (f *failing) Logf(format string, values ...any) {
	fmt.Fprintf(&f.messages, format+"\n", values...)
}

func (f *failing) Fatalf(format string, values ...any) {
	f.Logf(format, values...)
	f.failed = true
	runtime.Goexit()
}

// TestChromiumFailure: a wait that does not end in time shows its condition and the
// page, but no login link.
func TestChromiumFailure(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("FOB_SHOTS", folder)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<html data-connection="lost"><link rel="icon" href="data:,"><h1>A title</h1>
			<p>Open /login/SECRET-TEXT</p><p class="face" aria-label="999-0000123, display off"></p>`)
	}))
	t.Cleanup(server.Close)
	f := &failing{TB: t}
	b := NewTab(t, server.URL)
	b.T = f
	b.Open("/login/SECRET-PATH?key=SECRET-QUERY#SECRET-PART")
	limit, cancel := context.WithDeadline(b.ctx, time.Now())
	defer cancel()
	b.ctx = limit
	done := make(chan struct{})
	go func() { // which Fatalf ends
		defer close(done)
		b.WaitUntil(`document.title === "never"`)
	}()
	<-done
	b.showIfFailed()
	said := f.messages.String()
	for _, want := range []string{
		`waiting until document.title === "never": context deadline exceeded`, "address: " + server.URL + "/login/…\n", "visible: visible\n",
		"connection: lost\n", "text: A title", "face: 999-0000123, display off\n",
	} {
		require.Contains(t, said, want)
	}
	require.NotContains(t, said, "SECRET")
	shots, err := filepath.Glob(filepath.Join(folder, "TestChromiumFailure-failed-*.png"))
	require.NoError(t, err)
	require.Len(t, shots, 1)
	picture, err := os.ReadFile(shots[0])
	require.NoError(t, err)
	require.Equal(t, "image/png", http.DetectContentType(picture))
	f.failed = false // its cleanup has nothing to show
}
