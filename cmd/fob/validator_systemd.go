// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/d204ef64/fob/validator/bank"
)

// notify sends a state to systemd, if systemd started this process and requested it
// (sd_notify(3)).
func (l *bankLog) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		l.line(slog.LevelWarn, "notifying systemd", slog.String("error", err.Error()))
	}
}

// reloading notifies systemd that a reload has begun. The message contains the time of
// CLOCK_MONOTONIC, as Type=notify-reload requires.
func (l *bankLog) reloading() {
	now, err := monotonic()
	if err != nil {
		l.line(slog.LevelWarn, "notifying systemd", slog.String("error", err.Error()))
		return
	}
	l.notify(fmt.Sprintf("%s\nMONOTONIC_USEC=%d", daemon.SdNotifyReloading, now))
}

// watchdog notifies systemd's watchdog twice per interval, as long as calls of the bank
// return. An unreachable database is not a reason for a restart, but a bank that hangs
// is one.
func (l *bankLog) watchdog(ctx context.Context, b *bank.Bank) {
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		l.line(slog.LevelWarn, "systemd's watchdog", slog.String("error", err.Error()))
	}
	if every <= 0 {
		return
	}
	tick := time.NewTicker(every / 2)
	defer tick.Stop()
	for {
		look, cancel := context.WithTimeout(ctx, every/2)
		_ = b.Ready(look)
		hangs := look.Err() != nil
		cancel()
		if !hangs {
			l.notify(daemon.SdNotifyWatchdog)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
