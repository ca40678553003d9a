// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/seedfile"
)

// TestExportExpiry checks that the day on the back label survives an export.
func TestExportExpiry(t *testing.T) {
	f, err := New(testWorld(t), Config{Lots: []Lot{{Ready: true, Expiry: "2031-11-30"}}})
	require.NoError(t, err)
	defer f.Close()
	pskc, err := seedfile.FormatByName("pskc")
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, f.Export(&b, pskc))
	r, err := pskc.NewReader(&b, seedfile.ReadOptions{})
	require.NoError(t, err)
	rec, err := r.Read()
	require.NoError(t, err)
	expiry, err := rec.Expiry(nil)
	require.NoError(t, err)
	require.Equal(t, "2031-11-30", expiry.String())
}
