// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
)

// TestRevealingNumbers: C43 finds a server that reveals correct codes by a number only.
func TestRevealingNumbers(t *testing.T) {
	for _, texts := range [][2]string{
		{"status 403 no", "status 401 no"},
		{"exit code 3", "exit code 1"},
		{`status 401 {"match":1}`, `status 401 {"match":0}`},
	} {
		target := mutant.New("C43").Target()
		check := target.Check
		target.Check = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
			answer, err := check(ctx, a)
			if strings.Contains(answer.Text, "although the code is correct") {
				answer.Text = texts[0]
			} else {
				answer.Text = texts[1]
			}
			return answer, err
		}
		report, err := conform.Run(t.Context(), target, conform.Options{Cases: only(t, "C43")})
		require.NoError(t, err)
		require.Equal(t, conform.Fail, report.Results[0].Outcome, texts[0])
	}
}
