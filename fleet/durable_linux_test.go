// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/virtual"
)

// TestStateIsDurable: the files of a state folder are synced to disk before they
// replace the older ones.
func TestStateIsDurable(t *testing.T) {
	tooltest.Durable(t, func(dir string) {
		key, err := age.GenerateX25519Identity()
		require.NoError(t, err)
		_, f := start(t, openStore(t, dir, key), virtual.Config{Mode: virtual.Manual, At: then, Seed: 7}, Given{}, then, Ports{})
		require.NoError(t, f.Save())
	}, worldFile, tokenFile(0), tokenFile(1))
}
