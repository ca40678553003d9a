// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/target"
	"github.com/d204ef64/fob/internal/tooltest"
)

// TestPAM runs the cases that need not wait against Debian's libpam-oath.
func TestPAM(t *testing.T) {
	tooltest.Find(t, "pamtester")
	tooltest.File(t, "libpam_wrapper.so", "/usr/lib/*/libpam_wrapper.so", "/usr/lib/libpam_wrapper.so")
	tooltest.File(t, "pam_oath.so", "/lib/*/security/pam_oath.so", "/lib/security/pam_oath.so")
	text, err := target.Preset("libpam-oath")
	require.NoError(t, err)
	o := open(t, string(text))
	none := time.Duration(0)
	report, err := conform.Run(t.Context(), o.Target, conform.Options{Seed: 1, MaxWait: &none, Cases: func() []conform.Case {
		c, _ := conform.Select(conform.Selection{IDs: []string{"C15", "C17"}})
		return c
	}()})
	require.NoError(t, err)
	for _, r := range report.Results {
		t.Log(r.ID, r.Outcome, r.Detail, r.TookMS)
	}
}
