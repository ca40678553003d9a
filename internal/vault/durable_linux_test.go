// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/internal/vault"
)

// TestKeyFileIsDurable checks that a key is on disk before a database is sealed with
// it.
func TestKeyFileIsDurable(t *testing.T) {
	tooltest.Durable(t, func(dir string) {
		key, err := bank.NewMaster()
		require.NoError(t, err)
		require.NoError(t, vault.WriteFile(filepath.Join(dir, "bank.key"), key))
	}, "bank.key")
}
