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

	"github.com/d204ef64/fob/internal/tooltest"
)

// TestPythonExample runs the scripts in testdata/python. In them,
// docs/examples/program_token.py provisions tokens of fob run. That program was written
// from PROTOCOL.md and shares no code with fob. The scripts use the commands of
// TestScripts; $PYTHON runs $EXAMPLE.
func TestPythonExample(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts use pseudo-terminals")
	}
	python := tooltest.Python(t, "serial", "cryptography")
	example, err := filepath.Abs("../../docs/examples/program_token.py")
	require.NoError(t, err)
	_, err = os.ReadFile(example) // makes go test run this again after a change
	require.NoError(t, err)
	files, err := filepath.Glob("testdata/python/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			end, limited := t.Deadline()
			params := scriptParams(file, scriptDeadline(time.Now(), end, limited))
			setup := params.Setup
			params.Setup = func(e *testscript.Env) error {
				e.Setenv("PYTHON", python)
				e.Setenv("EXAMPLE", example)
				return setup(e)
			}
			testscript.RunT(oneScript{t}, params)
		})
	}
}
