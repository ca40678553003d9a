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

// TestPAM runs the cases that need not wait against Debian's PAM modules. The failures
// must be the known ones: a change either way is news.
func TestPAM(t *testing.T) {
	tooltest.Find(t, "pamtester")
	tooltest.File(t, "libpam_wrapper.so", "/usr/lib/*/libpam_wrapper.so", "/usr/lib/libpam_wrapper.so")
	for preset, c := range map[string]struct{ module, window string }{
		"libpam-oath":                 {"pam_oath.so", "window -3..+3"},
		"libpam-google-authenticator": {"pam_google_authenticator.so", "window -1..+1"},
	} {
		t.Run(preset, func(t *testing.T) {
			tooltest.File(t, c.module, "/lib/*/security/"+c.module, "/lib/security/"+c.module)
			text, err := os.ReadFile(filepath.Join("..", "expected", preset+".yaml"))
			require.NoError(t, err)
			expected, err := report.ParseExpected(text)
			require.NoError(t, err)
			text, err = target.Preset(preset)
			require.NoError(t, err)
			o := open(t, string(text))
			none := time.Duration(0)
			r, err := conform.Run(t.Context(), o.Target, conform.Options{Seed: 1, MaxWait: &none})
			require.NoError(t, err)
			require.Empty(t, strings.Join(expected.Differences(r), "\n"))
			require.GreaterOrEqual(t, report.Count(r, conform.Pass), 11)
			for _, result := range r.Results {
				switch result.ID {
				case "C08":
					require.Equal(t, c.window, result.Detail)
				case "C38", "C46":
					require.Equal(t, conform.NotApplicable, result.Outcome, "there is no lockout")
				}
			}
		})
	}
}
