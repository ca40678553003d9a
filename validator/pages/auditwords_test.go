// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/ui"
	"github.com/d204ef64/fob/validator"
)

// TestAuditWords: every act and every reason of the rules has words in the reader's
// language. Unknown values from a newer server appear unchanged.
func TestAuditWords(t *testing.T) {
	words := catalogOf(ui.Japanese)
	n := 0
	for r := validator.ReasonAccepted; !strings.HasPrefix(r.String(), "Reason("); r++ {
		require.NotEqual(t, r.String(), reasonText(words, r.String()), "no words for the reason %q", r)
		n++
	}
	require.Greater(t, n, 20)
	for _, o := range actOptions()[1:] {
		require.NotEqual(t, o.Value, actText(words, o.Value))
	}
	require.Equal(t, "something new", actText(words, "something new"))
	require.Equal(t, "something new", reasonText(words, "something new"))
}
