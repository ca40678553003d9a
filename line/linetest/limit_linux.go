// SPDX-License-Identifier: Apache-2.0

package linetest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// limitFiles limits the growth of the journal's files, which simulates a full disk for
// this process.
func limitFiles(t testing.TB, dir string, bytes int64) {
	t.Helper()
	limit := uint64(0)
	for _, name := range []string{"line.db", "line.db-wal"} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		limit = max(limit, uint64(info.Size()+bytes))
	}
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: unix.RLIM_INFINITY}))
}
