// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"sync"

	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/server"
)

// fleetTime is the clock of a fleet, as the clock of a bank in test mode.
type fleetTime struct{ follower *control.Follower }

var (
	_ server.Clock     = fleetTime{}
	_ bank.RemoteClock = fleetTime{}
)

// Now implements [bank.Clock]. Without the fleet, it returns the last known time.
func (f fleetTime) Now() token.UnixSeconds {
	now, _ := f.follower.Now(context.Background())
	return token.UnixSecondsOf(now)
}

// Ready implements [bank.RemoteClock].
func (f fleetTime) Ready(ctx context.Context) error {
	_, err := f.follower.Now(ctx)
	return err
}

// Wait implements [server.Clock].
func (f fleetTime) Wait(ctx context.Context, t token.UnixSeconds) error {
	return f.follower.Wait(ctx, t.Time())
}

// followFleet makes the clock of a fleet the bank's clock, until stop is called.
func (a *app) followFleet(ctx context.Context, b *bankFlags, o *serveOptions, log *bankLog) (stop func(), err error) {
	c, err := a.fleetClient(ctx, &o.follow)
	if err != nil {
		return nil, err
	}
	f, err := control.Follow(ctx, c, func(err error) {
		if err != nil {
			log.line(slog.LevelError, "the fleet with the bank's clock is gone: requests are refused until it is back",
				slog.String("error", err.Error()))
			return
		}
		log.line(slog.LevelInfo, "the fleet with the bank's clock is back")
	})
	if err != nil {
		return nil, err
	}
	b.followed = fleetTime{f}
	following, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { f.Run(following) })
	return func() {
		cancel()
		running.Wait()
	}, nil
}
