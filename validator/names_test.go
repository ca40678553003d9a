// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
)

// TestNames wants a name for each value that a record may hold, and none beyond.
func TestNames(t *testing.T) {
	for _, op := range validator.Operations() {
		require.NotContains(t, op.String(), "(")
	}
	require.Equal(t, "Operation(200)", validator.Operation(200).String())
	require.Equal(t, "not offered", validator.ReasonNotOffered.String())
	require.Equal(t, "unknown token", validator.ReasonUnknown.String())
	require.Equal(t, "out of time", validator.ReasonOutOfTime.String())
	require.Equal(t, "Reason(200)", validator.Reason(200).String())
	require.Equal(t, "corrected", validator.Corrected.String())
	require.Equal(t, "on paper", validator.OnPaper.String())
	require.Equal(t, "revoked", validator.Revoked.String())
	require.Equal(t, "master", validator.Master.String())
	require.Equal(t, "separate tokens", validator.SeparateTokens.String())
	require.Equal(t, "expiry", validator.CauseExpiry.String())
	require.Equal(t, "software", validator.Software.String())
}
