// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/target"
	"github.com/d204ef64/fob/internal/tooltest"
)

// TestFreeRADIUSTOTP runs the cases that need not wait against FreeRADIUS with rlm_totp.
func TestFreeRADIUSTOTP(t *testing.T) {
	tooltest.Find(t, "sqlite3")
	tooltest.File(t, "freeradius", "/usr/sbin/freeradius")
	results := runPeer(t, "freeradius-rlm-totp", 7)
	require.Equal(t, "window +0..+0", results["C08"].Detail)
	require.Equal(t, "32 of 32 requests at once accepted, in round 1 of 20", results["C15"].Detail)
	require.Equal(t, conform.NotApplicable, results["C38"].Outcome, "there is no lockout")
}

// TestFreeRADIUSPAM runs the cases that need not wait against FreeRADIUS with rlm_pam and
// libpam-oath.
func TestFreeRADIUSPAM(t *testing.T) {
	tooltest.File(t, "freeradius", "/usr/sbin/freeradius")
	tooltest.File(t, "pam_oath.so", "/lib/*/security/pam_oath.so", "/lib/security/pam_oath.so")
	if out, err := exec.Command("unshare", "--map-root-user", "--mount", "true").CombinedOutput(); err != nil {
		t.Skipf("no mount namespaces here, which no tool adds: %s", strings.TrimSpace(string(out)))
	}
	results := runPeer(t, "freeradius-rlm-pam", 14)
	require.Equal(t, "window -3..+3", results["C08"].Detail)
	require.Equal(t, conform.NotApplicable, results["C38"].Outcome, "there is no lockout")
}

// TestFreeRADIUSEnds: the server ends with the run.
func TestFreeRADIUSEnds(t *testing.T) {
	tooltest.Find(t, "sqlite3")
	tooltest.File(t, "freeradius", "/usr/sbin/freeradius")
	text, err := target.Preset("freeradius-rlm-totp")
	require.NoError(t, err)
	o := open(t, string(text))
	require.NoError(t, o.Close())
	_, err = o.Target.Check(t.Context(), conform.Attempt{Token: &conform.Token{}, User: "alice", Code: "123456"})
	require.ErrorIs(t, err, conform.ErrUnreachable)
}
