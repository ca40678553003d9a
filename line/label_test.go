// SPDX-License-Identifier: Apache-2.0

package line_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/journal/journaltest"
)

// begin begins a station with a printer and a policy for labels.
func (b *bench) begin(policy line.LabelPolicy) (s *line.Station, stop func()) {
	b.t.Helper()
	b.config.Printer = &testPrinter{print: func() error { return nil }}
	b.config.Job.Labels = policy
	ctx, cancel := context.WithCancel(context.Background())
	s = line.New(b.config)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = func() {
		b.t.Helper()
		cancel()
		require.NoError(b.t, <-ended)
		ended <- nil // for the next call
	}
	b.t.Cleanup(stop)
	return s, stop
}

// TestLabelDue ends a station while a label is due. In the next run the socket waits for
// the label, although it is empty, and its number is the one on the label. Another socket
// does not wait.
func TestLabelDue(t *testing.T) {
	for _, policy := range []line.LabelPolicy{line.LabelTakenFirst, line.LabelScanned} {
		t.Run(string(policy), func(t *testing.T) {
			b := newFast(t)
			_, stop := b.begin(policy)
			first := b.plug(b.device(), 3)
			e, n := b.result(0, 3)
			require.Equal(t, line.Pass, e.Result)
			require.True(t, e.Label)
			require.Equal(t, 1, e.Number)
			stop()
			b.pull(first)

			s, stop := b.begin(line.LabelAtOnce) // the policy of the label counts
			due, n := b.result(n, 3)
			require.Equal(t, line.Known, due.Result)
			require.True(t, due.Label)
			require.True(t, due.Before)
			require.Equal(t, e.Serial, due.Serial)
			require.Equal(t, 1, due.Number)
			b.plug(b.device(), 3)
			other, _ := b.one(b.device(), 1), n
			require.Equal(t, line.Pass, other.Result)
			require.Equal(t, 2, other.Number)
			b.mu.Lock()
			for _, e := range b.events[n:] {
				require.False(t, strings.HasSuffix(e.Socket, "/s03"), "%+v", e)
			}
			b.mu.Unlock()
			scanned := ""
			if policy == line.LabelScanned {
				require.ErrorIs(t, s.LabelTaken(1, ""), line.ErrNoLabel)
				scanned = e.Serial
			}
			require.NoError(t, s.LabelTaken(1, scanned))
			taken, n := b.result(n, 3)
			require.True(t, taken.LabelTaken)
			second, n := b.result(n, 3)
			require.Equal(t, line.Pass, second.Result)
			require.NotEqual(t, e.Serial, second.Serial)
			stop()

			_, stop = b.begin(policy) // nothing is due: the token is recognised at once
			again, _ := b.result(n, 3)
			require.Equal(t, line.Known, again.Result)
			require.False(t, again.Label)
			require.Equal(t, second.Serial, again.Serial)
			stop()
			b.check()
		})
	}
}

// TestLabelDueElsewhere ends a station after the label was printed and before the unit was
// done. Its device is plugged into another socket: only the socket on the label waits.
func TestLabelDueElsewhere(t *testing.T) {
	b := newFast(t)
	m := b.device()
	_, stop := b.begin(line.LabelScanned)
	p := b.plug(m, 1)
	e, n := b.result(0, 1)
	require.Equal(t, line.Pass, e.Result)
	stop()
	b.pull(p)
	journaltest.SQLite(t, b.dir, "UPDATE unit SET state = 'labelled', ended = 0, finished = 0; UPDATE orders SET done = 0")

	s, _ := b.begin(line.LabelScanned)
	due, n := b.result(n, 1)
	require.True(t, due.Label)
	require.Equal(t, journal.Labelled, due.State)
	p = b.plug(m, 2)
	again, n := b.result(n, 2)
	require.Equal(t, line.Pass, again.Result)
	require.False(t, again.Label)
	b.pull(p)
	require.ErrorContains(t, s.LabelTaken(0, "hello"), "hello: take the label of a port that waits (1)")
	require.ErrorContains(t, s.LabelTaken(2, ""), "port 2: take the label of a port that waits (1)")
	require.NoError(t, s.LabelTaken(0, strings.ToLower(e.Serial)), "a scanner may change capitals")
	taken, _ := b.result(n, 1)
	require.True(t, taken.LabelTaken)
	require.ErrorIs(t, s.LabelTaken(0, e.Serial), line.ErrNoLabel)
	require.ErrorContains(t, s.LabelTaken(0, e.Serial), "no label is due now")
}

// TestWaitingInOrder names the sockets that wait for their labels in the order of their
// numbers. A station that starts again adds them in the order of the serial numbers.
func TestWaitingInOrder(t *testing.T) {
	b := newFast(t)
	s, stop := b.begin(line.LabelScanned)
	n := 0
	for i, socket := range []int{3, 1, 3} {
		p := b.plug(b.device(), socket)
		var e line.Event
		e, n = b.result(n, socket)
		require.Equal(t, line.Pass, e.Result)
		b.pull(p)
		if i == 0 { // socket 3 has number 1, and gets the last serial number
			require.NoError(t, s.LabelTaken(0, e.Serial))
			_, n = b.result(n, socket)
		}
	}
	stop()

	s, _ = b.begin(line.LabelScanned)
	for _, socket := range []int{1, 3} {
		b.result(n, socket)
	}
	require.ErrorContains(t, s.LabelTaken(0, "hello"), "take the label of a port that waits (1, 2)")
}

// TestReprint prints the label of a unit again, and refuses to print one for a unit that is
// not locked.
func TestReprint(t *testing.T) {
	b := newFast(t)
	_, stop := b.begin(line.LabelAtOnce)
	require.Equal(t, line.Pass, b.one(b.device(), 1).Result)
	stop()
	list, _, err := b.batch.Units(t.Context(), b.order.ID, journal.UnitFilter{})
	require.NoError(t, err)
	u := list[0]
	p := &testPrinter{print: func() error { return nil }}
	label, err := line.Reprint(t.Context(), b.batch.Journal, p, &u, "damaged")
	require.NoError(t, err)
	require.Equal(t, 2, label)
	labels, err := b.batch.Labels(t.Context(), u.ID)
	require.NoError(t, err)
	require.Len(t, labels, 2)
	require.Equal(t, "damaged", labels[1].Reason)
	require.Equal(t, labels[0].Socket, labels[1].Socket)

	u.State = journal.Verified
	_, err = line.Reprint(t.Context(), b.batch.Journal, p, &u, "damaged")
	require.ErrorIs(t, err, journal.ErrUnit)
	require.EqualValues(t, 1, p.printed.Load())
}
