// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// TestTokenAndPayloadAreRedacted: neither a token nor the payload that programs it
// prints its seed.
func TestTokenAndPayloadAreRedacted(t *testing.T) {
	w := newWorld(t, 1)
	m := modelOf(t, "always-on-6")
	p := payloadFor(w, m)
	k := w.NewToken(m)
	require.NoError(t, k.Program(serialNumber(t, "1"), p, true))
	decimal := fmt.Sprint(p.Seed)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		for _, v := range []any{k, p, *p, []*virtual.Token{k}, struct{ Token *virtual.Token }{k}} {
			text := fmt.Sprintf(verb, v)
			require.NotContains(t, text, decimal[1:len(decimal)-1])
			require.NotContains(t, text, hex.EncodeToString(p.Seed))
		}
	}
	require.Regexp(t, `^\[token [0-9a-f]{16}\]$`, fmt.Sprint(k))
}
