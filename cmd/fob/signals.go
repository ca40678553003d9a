// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
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

// signalError is the cause of a context that a signal has ended.
type signalError struct{ os.Signal }

func (s signalError) Error() string { return "received " + s.String() }

// Unwrap returns [context.Canceled], the cause of a context that no signal has ended.
func (signalError) Unwrap() error { return context.Canceled }

// withSignals returns a context that Ctrl-C, SIGTERM and SIGHUP end, but not SIGHUP if a
// command has called onHangup. A second signal ends the process at once.
func withSignals(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	h := &hangups{}
	ends, hangs := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(ends, os.Interrupt, syscall.SIGTERM)
	signal.Notify(hangs, syscall.SIGHUP)
	context.AfterFunc(ctx, func() {
		signal.Stop(ends)
		signal.Stop(hangs)
	})
	go func() { cancel(signalError{<-ends}) }()
	go func() { // of its own: Ctrl-C ends a reload that hangs
		for s := range hangs {
			h.mu.Lock()
			reload := h.reload
			h.mu.Unlock()
			if reload == nil {
				cancel(signalError{s})
				return
			}
			reload()
		}
	}()
	return context.WithValue(ctx, hangupsKey{}, h)
}

// interruptedCode returns the exit code of a command whose context has ended: like a
// shell's for the signal, and like Ctrl-C's without one.
func interruptedCode(ctx context.Context) int {
	var s signalError
	if ctx != nil && errors.As(context.Cause(ctx), &s) {
		if number, ok := s.Signal.(syscall.Signal); ok {
			return exitSignal + int(number)
		}
	}
	return exitInterrupted
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
