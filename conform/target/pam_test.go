// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/tooltest"
)

// requirePAM finds pamtester and pam_wrapper.
func requirePAM(t *testing.T) {
	t.Helper()
	tooltest.Find(t, "pamtester")
	tooltest.File(t, "libpam_wrapper.so", "/usr/lib/*/libpam_wrapper.so", "/usr/lib/libpam_wrapper.so")
}

// TestPAMAnswers: a user is logged in if both authentication and the account are good. Errors
// of a module are not refusals. pam_debug(8) returns the results that its arguments name.
func TestPAMAnswers(t *testing.T) {
	requirePAM(t)
	tooltest.File(t, "pam_debug.so", "/lib/*/security/pam_debug.so", "/lib/security/pam_debug.so")
	for _, c := range []struct {
		auth, acct string
		want       conform.Verdict
	}{
		{"success", "success", conform.Accepted},
		{"auth_err", "success", conform.Refused},
		{"perm_denied", "success", conform.Refused},
		{"user_unknown", "success", conform.Refused},
		{"maxtries", "success", conform.Refused},
		{"cred_insufficient", "success", conform.Refused},
		{"success", "acct_expired", conform.Refused},
		{"success", "new_authtok_reqd", conform.Refused},
		{"success", "authtok_expired", conform.Refused},
		{"success", "perm_denied", conform.Refused},
		{"authinfo_unavail", "success", conform.Trouble},
		{"system_err", "success", conform.Trouble},
		{"try_again", "success", conform.Limited}, // of the service "other"
	} {
		o := open(t, `
name: results
import: {file: {path: "{{dir}}/x"}}
check:
  pam:
    rules: |
      auth required pam_debug.so auth=`+c.auth+`
      account required pam_debug.so acct=`+c.acct+`
`)
		a, err := o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}, User: "alice", Code: "1"})
		require.NoError(t, err)
		require.Equal(t, c.want, a.Verdict, "%v: %s", c, a.Text)
		if c.want == conform.Accepted {
			require.Equal(t, "exit code 0 auth=success\npamtester: successfully authenticated\nacct=success\npamtester: account management done.", a.Text)
		}
	}
}

// TestPAMEntries: the user makes one entry at each prompt.
func TestPAMEntries(t *testing.T) {
	requirePAM(t)
	tooltest.File(t, "pam_google_authenticator.so", "/lib/*/security/pam_google_authenticator.so", "/lib/security/pam_google_authenticator.so")
	cases, err := conform.Select(conform.Selection{IDs: []string{"C01"}})
	require.NoError(t, err)
	none := time.Duration(0)
	for entries, want := range map[string]conform.Outcome{`["{{code}}", "{{code}}"]`: conform.Pass, `["{{code}}", "000000"]`: conform.Fail, `["{{code}}"]`: conform.Fail} {
		o := open(t, `
name: two tokens with one seed
import:
  before:
    - file: &first {path: "{{dir}}/{{user}}.1", text: "{{seed_base32}}\n\" STEP_SIZE {{period}}\n\" TOTP_AUTH\n"}
  file: {<<: *first, path: "{{dir}}/{{user}}.2"}
check:
  pam:
    rules: |
      auth required pam_google_authenticator.so secret={{dir}}/{{user}}.1 user={{me}} allowed_perm=0600
      auth required pam_google_authenticator.so secret={{dir}}/{{user}}.2 user={{me}} allowed_perm=0600
      account required pam_permit.so
    entries: `+entries+`
`)
		r, err := conform.Run(t.Context(), o.Target, conform.Options{Seed: 1, MaxWait: &none, Cases: cases})
		require.NoError(t, err)
		require.Equal(t, want, r.Results[0].Outcome, entries+": "+r.Results[0].Detail)
	}
}

// TestPAM runs the cases that need not wait against Debian's PAM modules.
func TestPAM(t *testing.T) {
	requirePAM(t)
	for preset, c := range map[string]struct{ module, window string }{
		"libpam-oath":                 {"pam_oath.so", "window -3..+3"},
		"libpam-google-authenticator": {"pam_google_authenticator.so", "window -1..+1"},
	} {
		t.Run(preset, func(t *testing.T) {
			tooltest.File(t, c.module, "/lib/*/security/"+c.module, "/lib/security/"+c.module)
			results := runPeer(t, preset, 11)
			require.Equal(t, c.window, results["C08"].Detail)
			for _, id := range []string{"C38", "C46"} {
				require.Equal(t, conform.NotApplicable, results[id].Outcome, "there is no lockout")
			}
		})
	}
}
