// SPDX-License-Identifier: Apache-2.0

package chain_test

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/chain"
)

// TestSignedHead verifies the head that was signed last, and others, with keys that sign
// and with the public key alone.
func TestSignedHead(t *testing.T) {
	_, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	public := chain.Public(private.Public().(ed25519.PublicKey))
	k := chain.Signed(private)
	l := &chain.Log{Label: "test"}
	var heads []chain.Head
	for i := range int64(3) {
		h := chain.Head{ID: 1, Seq: i, Code: bytes.Repeat([]byte{byte(i)}, 32)}
		l.Seal(k, &h)
		heads = append(heads, h)
	}
	for _, h := range heads {
		require.True(t, l.Intact(k, &h))
		require.True(t, l.Intact(public, &h))
		changed := h
		changed.Seq++
		require.False(t, l.Intact(k, &changed))
		changed = h
		changed.Code = bytes.Repeat([]byte{9}, 32)
		require.False(t, l.Intact(k, &changed))
		for i := range h.Seal {
			changed = h
			changed.Seal = bytes.Clone(h.Seal)
			changed.Seal[i] ^= 1
			require.False(t, l.Intact(k, &changed), i)
		}
	}
	require.False(t, l.Intact(k, &chain.Head{ID: 1}), "no seal")
}
