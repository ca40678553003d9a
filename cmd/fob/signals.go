// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// hangups handles SIGHUP, which ends a command, or reloads a server that has set
// reload.
type hangups struct {
	mu     sync.Mutex
	reload func()
}

type hangupsKey struct{}

// withHangups returns a context that SIGHUP cancels, unless a command has called
// onHangup.
func withHangups(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	h := &hangups{}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		for range signals {
			h.mu.Lock()
			reload := h.reload
			h.mu.Unlock()
			if reload == nil {
				signal.Stop(signals)
				cancel()
				return
			}
			reload()
		}
	}()
	return context.WithValue(ctx, hangupsKey{}, h)
}

// onHangup makes SIGHUP call reload instead of ending the command, until stop is
// called.
func onHangup(ctx context.Context, reload func()) (stop func()) {
	h, ok := ctx.Value(hangupsKey{}).(*hangups)
	if !ok {
		return func() {}
	}
	set := func(f func()) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.reload = f
	}
	set(reload)
	return func() { set(nil) }
}
