// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
)

// exempt are rules of the bank that no server can show.
var exempt = map[int]string{
	9: "which kinds of tokens the bank hands out (BK-09) is a matter of its shop",
	// Of BK-10 and BK-11, C56 tests the fees. That the application is on paper, and that
	// the token comes by post to the registered address in 7 to 10 days, is a matter of the
	// mail room. Of BK-13, C54 and C55 test the notice and the replacement, and the post
	// delivers it.
}

// TestBankRules: the profile bank has a case for each of the rules BK-01 to BK-20.
func TestBankRules(t *testing.T) {
	cases, err := conform.Select(conform.Selection{Profile: "bank"})
	require.NoError(t, err)
	covered := map[int][]string{}
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	rules := regexp.MustCompile(`BK-(\d\d)(?: to BK-(\d\d))?`)
	for _, c := range cases {
		for _, m := range rules.FindAllStringSubmatch(c.ID+" "+c.Source, -1) {
			first := number(m[1])
			last := first
			if m[2] != "" {
				last = number(m[2])
			}
			for n := first; n <= last; n++ {
				covered[n] = append(covered[n], c.ID)
			}
		}
	}
	for n := 1; n <= 20; n++ {
		if why := exempt[n]; why != "" {
			require.Empty(t, covered[n], "BK-%02d has a case: it is not exempt", n)
			continue
		}
		require.NotEmpty(t, covered[n], "no case tests BK-%02d", n)
	}
	for n := range covered {
		require.True(t, n >= 1 && n <= 20, fmt.Sprintf("BK-%02d is not a rule", n))
	}
}

// TestSharedByRegistration: without the verb assign, users of a bank share a token.
func TestSharedByRegistration(t *testing.T) {
	for _, id := range []string{"C17", "C44"} {
		for _, fault := range []string{"", id} {
			target := mutant.New(fault).Target()
			target.Assign = nil
			cases, err := conform.Select(conform.Selection{IDs: []string{id}})
			require.NoError(t, err)
			report, err := conform.Run(t.Context(), target, conform.Options{Seed: 1, Cases: cases})
			require.NoError(t, err)
			want := map[bool]conform.Outcome{true: conform.Pass, false: conform.Fail}[fault == ""]
			require.Equal(t, want, report.Results[0].Outcome, "%s, mutant %q: %s", id, fault, report.Results[0].Detail)
		}
	}
}
