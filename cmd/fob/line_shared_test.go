// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
)

// TestLineShared has two stations make an order, which share a ledger in PostgreSQL. The
// script gets its address in the file ledger.txt.
func TestLineShared(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the script uses pseudo-terminals")
	}
	address := pgtest.Database(t)
	params := scriptParams("testdata/line_shared.txt", time.Now().Add(scriptLimit))
	setup := params.Setup
	params.Setup = func(e *testscript.Env) error {
		require.NoError(t, os.WriteFile(filepath.Join(e.WorkDir, "ledger.txt"), []byte(address+"\n"), 0o600))
		return setup(e)
	}
	testscript.RunT(oneScript{t}, params)
}
