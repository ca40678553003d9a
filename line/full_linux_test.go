// SPDX-License-Identifier: Apache-2.0

package line_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal/journaltest"
)

func init() { limitFiles = limitGrowth }

// limitGrowth limits the growth of the journal's files, which simulates a full disk for
// this process.
func limitGrowth(t *testing.T, dir string, bytes int64) {
	limit := uint64(0)
	for _, name := range []string{"line.db", "line.db-wal"} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		limit = max(limit, uint64(info.Size()+bytes))
	}
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: unix.RLIM_INFINITY}))
}

// TestDiskFull has the disk get full at different moments. The station stops, reports why, and
// the next one, with more space, goes on.
func TestDiskFull(t *testing.T) {
	b := newBench(t, quick...)
	require.NoError(t, b.batch.Journal.Close())
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "order.yaml"), b.content, 0o600))
	m := b.device()
	var p *fleet.Port
	for space := int64(0); ; space += 9000 {
		require.Less(t, space, int64(1<<20))
		p = b.plug(m, 1)
		s := b.child(strconv.FormatInt(space, 10))
		var last line.Event
		timer := time.AfterFunc(patience, func() { _ = s.cmd.Process.Kill() })
		for e := range s.events {
			if last = e; e.Result == line.Pass || e.Result == line.Known {
				_ = s.cmd.Process.Kill()
			}
		}
		timer.Stop()
		_ = s.cmd.Wait()
		b.pull(p)
		if last.Result == line.Pass || last.Result == line.Known {
			require.NotZero(t, space)
			break
		}
		require.Equal(t, line.Fail, last.Result, "%s %s", s.last, &s.out)
		require.Contains(t, last.Reason, "the journal: ")
		require.Contains(t, last.Advice, "the station stops")
		require.Contains(t, s.last, "is the disk full?")
	}
	b.batch = journaltest.Batch(t, b.dir, b.order, b.content)
	b.invariants()
	b.check()
}
