// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/report"
	"github.com/d204ef64/fob/conform/target"
	"github.com/d204ef64/fob/internal/tooltest"
)

// runPeer runs the cases that need not wait against the server of a preset, and returns the
// results by ID. The failures must be the known ones, because a change either way is news,
// and a number of cases must pass.
func runPeer(t *testing.T, preset string, passes int) map[string]conform.Result {
	t.Helper()
	text, err := target.Preset(preset)
	require.NoError(t, err)
	return runCases(t, string(text), preset, passes)
}

// runCases is runPeer for a target file, whose secrets are all "s3cret".
func runCases(t *testing.T, text, known string, passes int) map[string]conform.Result {
	t.Helper()
	expectedText, err := os.ReadFile(filepath.Join("..", "expected", known+".yaml"))
	require.NoError(t, err)
	expected, err := report.ParseExpected(expectedText)
	require.NoError(t, err)
	f, err := target.Parse([]byte(text), target.Options{
		Read: target.PresetFile, Secret: func(string) ([]byte, error) { return []byte("s3cret\n"), nil },
	})
	require.NoError(t, err)
	o, err := f.Open(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, o.Close()) })
	none := time.Duration(0)
	r, err := conform.Run(t.Context(), o.Target, conform.Options{Seed: 1, MaxWait: &none})
	require.NoError(t, err)
	again(t, o.Target, expected, r)
	require.Empty(t, strings.Join(expected.Differences(r), "\n"))
	require.GreaterOrEqual(t, report.Count(r, conform.Pass), passes)
	results := map[string]conform.Result{}
	for _, result := range r.Results {
		results[result.ID] = result
	}
	return results
}

// again runs the cases that differ from the expected failures up to two times more: on a busy
// machine, pam_wrapper or a timeout may spoil one run. Other verdicts are the same each time.
func again(t *testing.T, server *conform.Target, expected *report.Expected, r *conform.Report) {
	t.Helper()
	for seed := uint64(2); seed <= 3; seed++ {
		for i, result := range r.Results {
			one := &conform.Report{Results: []conform.Result{result}}
			d := expected.Differences(one)
			if len(d) == 0 {
				continue
			}
			t.Logf("again, with seed %d: %s", seed, d)
			cases, err := conform.Select(conform.Selection{IDs: []string{result.ID}})
			require.NoError(t, err)
			none := time.Duration(0)
			got, err := conform.Run(t.Context(), server, conform.Options{Seed: seed, MaxWait: &none, Cases: cases})
			require.NoError(t, err)
			r.Results[i] = got.Results[0]
		}
	}
}

// TestDjangoOTP: the growing delay of django-otp is neither a refusal nor a lockout.
func TestDjangoOTP(t *testing.T) {
	t.Parallel() // it waits for most of its time
	tooltest.File(t, "python3-django", "/usr/lib/python3/dist-packages/django")
	tooltest.File(t, "python3-django-otp", "/usr/lib/python3/dist-packages/django_otp")
	results := runPeer(t, "django-otp", 13)
	require.Equal(t, "window -1..+1", results["C08"].Detail)
	for _, id := range []string{"C26", "C36", "C37", "C40"} {
		require.Equal(t, conform.NotApplicable, results[id].Outcome)
		require.Contains(t, results[id].Detail, "limits the rate of attempts")
	}
}

// TestVault runs Vault's TOTP engine, which is in a module of its own, as its target file
// does. Apart from the start, the file has the verbs of the presets.
func TestVault(t *testing.T) {
	root := filepath.Join("..", "..")
	tooltest.Module(t, filepath.Join(root, "tools", "vaulttotp"))
	text, err := os.ReadFile(filepath.Join(root, "tools", "vaulttotp", "target.yaml"))
	require.NoError(t, err)
	_, verbs, _ := strings.Cut(string(text), "\nimport:")
	verbs = strings.TrimSuffix(verbs, "restart: {start_again: true}\n")
	for _, preset := range []string{"vault", "openbao"} {
		other, err := target.Preset(preset)
		require.NoError(t, err)
		require.Contains(t, string(other), "\nname: "+preset+"\n")
		_, others, _ := strings.Cut(string(other), "\nimport:")
		require.Equal(t, others, verbs)
	}
	dir, err := filepath.Abs(filepath.Join(root, "tools", "vaulttotp"))
	require.NoError(t, err)
	results := runCases(t, strings.ReplaceAll(string(text), "-C, tools/vaulttotp,", "-C, "+dir+","), "vault-1.14.8", 14)
	require.Equal(t, "window -1..+1", results["C08"].Detail)
	require.Contains(t, results["C15"].Detail, "exactly 1 of 32 accepted")
}
