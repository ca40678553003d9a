// SPDX-License-Identifier: Apache-2.0

package procgroup_test

import (
	"bufio"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBound checks that a command ends if the process that has started it is killed.
func TestBound(t *testing.T) {
	cmd := wrapper("sh", "-c", "echo $$; exec sleep 1000")
	cmd.Env = append(cmd.Env, "PROCGROUP_BOUND=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan())
	pid, err := strconv.Atoi(lines.Text())
	require.NoError(t, err)
	require.FileExists(t, "/proc/"+lines.Text()+"/stat")
	require.NoError(t, cmd.Process.Signal(os.Kill))
	_ = cmd.Wait()
	gone(t, pid)
}
