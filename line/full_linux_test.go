// SPDX-License-Identifier: Apache-2.0

package line_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line"
)

// TestDiskFull has the disk get full at different moments. The station stops, reports why, and
// the next one, with more space, goes on.
func TestDiskFull(t *testing.T) {
	b := newBench(t, quick...)
	b.close()
	m := b.device()
	for space := int64(0); ; space += 9000 {
		require.Less(t, space, int64(1<<20))
		p := b.plug(m, 1)
		s := b.rig.Start(t, space)
		var last line.Event
		timer := time.AfterFunc(patience, s.Kill)
		for e := range s.Events {
			if last = e; e.Result == line.Pass || e.Result == line.Known {
				s.Kill()
			}
		}
		timer.Stop()
		printed := s.Wait()
		b.pull(p)
		if last.Result == line.Pass || last.Result == line.Known {
			require.NotZero(t, space)
			break
		}
		require.Equal(t, line.Fail, last.Result, printed)
		require.Contains(t, last.Reason, "the journal: ")
		require.Contains(t, last.Advice, "the station stops")
		require.Contains(t, printed, "is the disk full?")
	}
	b.batch = b.rig.Check(t, b.finals())
	b.check()
}
