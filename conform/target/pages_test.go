// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/target"
	"github.com/d204ef64/fob/internal/tooltest"
)

// TestWebSite runs the cases that need not wait against a web site in Python, with a login,
// cookies and tokens against CSRF. They find its two mistakes.
func TestWebSite(t *testing.T) {
	cmd := exec.Command(tooltest.Find(t, "python3"), filepath.Join("testdata", "pages.py"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join("testdata", "pages.yaml"))
	require.NoError(t, err)
	f, err := target.Parse([]byte(strings.ReplaceAll(string(text), ":8080", ":"+strings.TrimSpace(port))), target.Options{
		Secret: func(string) ([]byte, error) { return []byte("letmein\n"), nil },
	})
	require.NoError(t, err)
	o, err := f.Open(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, o.Close()) }()
	none := time.Duration(0)
	r, err := conform.Run(t.Context(), o.Target, conform.Options{Seed: 1, MaxWait: &none})
	require.NoError(t, err)
	var failed []string
	for _, result := range r.Results {
		if result.Outcome == conform.Fail {
			failed = append(failed, result.ID+": "+result.Detail)
		}
	}
	require.Equal(t, []string{
		`C14: the used code as " CODE": accepted, must be refused`,
		"C23: then the code of step +2, one more: refused, must be accepted",
		"C36: the correct code after 101 wrong ones: accepted, must be refused",
		"C37: 100 wrong codes do not lock a token",
		"C57: the used code, after importing its token again: accepted, must be refused",
		"C66: a token with a seed of 80 bits is imported",
	}, failed)
}
