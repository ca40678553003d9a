// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

// TestOneRecordingAtATime: recordings are read one after another, in every format. A request that
// waits ends with its client, or with the fleet.
func TestOneRecordingAtATime(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{Seed: 7})
	require.NoError(t, err)
	f, err := fleet.New(w, fleet.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	made, err := f.MakeLot(fleet.Lot{Count: 1, Profile: "button-6"})
	require.NoError(t, err)
	p, err := f.Attach(made[0], "tcp:127.0.0.1:0")
	require.NoError(t, err)
	p.Tap().Start()
	for _, format := range []string{"jsonl", "pcapng", "messages"} {
		synctest.Test(t, func(t *testing.T) {
			s := &server{fleet: f, reading: make(chan struct{}, 1)}
			ctx, end := context.WithCancelCause(t.Context())
			answers := make(chan error, 2)
			ask := func(ctx context.Context) {
				_, err := s.wire(ctx, &wireInput{ByPort: ByPort{Port: p.ID()}, Format: format})
				answers <- err
			}
			s.reading <- struct{}{} // another request
			go ask(ctx)
			go ask(t.Context())
			synctest.Wait()
			require.Empty(t, answers)
			end(ErrEnded)
			require.ErrorIs(t, <-answers, ErrEnded)
			synctest.Wait()
			require.Empty(t, answers)
			<-s.reading
			require.NoError(t, <-answers)
			require.Empty(t, s.reading)
		})
	}
}
