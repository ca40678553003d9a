// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/validator"
)

// TestNamesInDocuments compares the table of the audit log in the documents with the
// values that a record can have.
func TestNamesInDocuments(t *testing.T) {
	doc, err := os.ReadFile("../docs/validator-http.md")
	require.NoError(t, err)
	for row, want := range map[string]string{
		"`act`, an operation of a user": fmt.Sprint(validator.Operations()),
		"`act`, other":                  fmt.Sprint(validator.Acts()),
		"`reason`":                      fmt.Sprint(validator.Reasons()),
	} {
		_, rest, found := strings.Cut(string(doc), "\n| "+row+" | `")
		require.True(t, found, row)
		line, _, _ := strings.Cut(rest, "` |\n")
		require.Equal(t, want, "["+strings.ReplaceAll(line, "`, `", " ")+"]", row)
	}
}

// TestCountsAgainstUser requires a decision for each reason: a new one must not count
// as a guess unless someone decided so.
func TestCountsAgainstUser(t *testing.T) {
	counts := []validator.Reason{
		validator.ReasonWrong, validator.ReasonMalformed, validator.ReasonSuspended, validator.ReasonExpired,
		validator.ReasonRevoked, validator.ReasonReported, validator.ReasonUnknown, validator.ReasonNotYet,
		validator.ReasonOtherContract,
	}
	doesNot := []validator.Reason{
		validator.ReasonReplayed, validator.ReasonOutOfTime, validator.ReasonTooSoon, validator.ReasonActivationLocked,
	}
	neverRefusesActivation := []validator.Reason{
		validator.ReasonAccepted, validator.ReasonCorrected, validator.ReasonNextCode, validator.ReasonAllowed,
		validator.ReasonPaperOnly, validator.ReasonRole, validator.ReasonOwnToken, validator.ReasonOwnOutOfUse,
		validator.ReasonOwnSuspended, validator.ReasonNoToken, validator.ReasonNotSuspended, validator.ReasonNotOffered,
		validator.ReasonWrongPassword, validator.ReasonUnknownUser, validator.ReasonMustWait, validator.ReasonNotPossible,
	}
	require.ElementsMatch(t, validator.Reasons(), slices.Concat(counts, doesNot, neverRefusesActivation))
	for _, r := range counts {
		require.True(t, validator.CountsAgainstUser(r), r)
	}
	for _, r := range doesNot {
		require.False(t, validator.CountsAgainstUser(r), r)
	}
}

// TestNames requires a name for each value that a record may hold, and for no other.
func TestNames(t *testing.T) {
	for _, op := range validator.Operations() {
		require.NotContains(t, op.String(), "(")
	}
	require.Equal(t, "Operation(200)", validator.Operation(200).String())
	require.Equal(t, "not offered", validator.ReasonNotOffered.String())
	require.Equal(t, "unknown token", validator.ReasonUnknown.String())
	require.Equal(t, "out of time", validator.ReasonOutOfTime.String())
	for _, a := range validator.Acts() {
		require.NotEmpty(t, a.String())
	}
	require.Equal(t, "create bank", validator.ActCreateBank.String())
	require.Equal(t, "not possible", validator.ReasonNotPossible.String())
	require.Equal(t, "Reason(200)", validator.Reason(200).String())
	require.Equal(t, "corrected", validator.Corrected.String())
	require.Equal(t, "on paper", validator.OnPaper.String())
	require.Equal(t, "revoked", validator.Revoked.String())
	require.Equal(t, "master", validator.Master.String())
	require.Equal(t, "separate tokens", validator.SeparateTokens.String())
	require.Equal(t, "expiry", validator.CauseExpiry.String())
	require.Equal(t, "software", validator.Software.String())
}
