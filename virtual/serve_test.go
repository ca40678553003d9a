// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

// patience is a time limit for events that must happen; reaching it is a failure.
const patience = 5 * time.Minute

// startServe starts Serve. It returns the host's end of the line and a channel for the
// result.
func startServe(t *testing.T, k *virtual.Token, o virtual.ServeOptions) (near port.Port, result <-chan error, stop func()) {
	t.Helper()
	tooltest.CheckLeaks(t, "virtual.")
	far, near := port.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	c := make(chan error, 1)
	go func() { c <- k.Serve(ctx, far, o) }()
	t.Cleanup(func() { cancel(); near.Close() })
	return near, c, cancel
}

func waitForServe(t *testing.T, result <-chan error) error {
	t.Helper()
	select {
	case err := <-result:
		return err
	case <-time.After(patience):
		require.FailNow(t, "Serve did not return")
		return nil
	}
}

func TestServeEndsWithContext(t *testing.T) {
	k := newLockedToken(t, newWorld(t, 1), "always-on-6")
	near, result, stop := startServe(t, k, virtual.ServeOptions{})
	_, err := host.New(near).Info(t.Context())
	require.NoError(t, err)
	stop()
	require.NoError(t, waitForServe(t, result))
	_, err = host.New(near).Info(t.Context())
	require.ErrorIs(t, err, port.ErrGone)
}

func TestServeEndsWithPort(t *testing.T) {
	k := newLockedToken(t, newWorld(t, 1), "always-on-6")
	near, result, _ := startServe(t, k, virtual.ServeOptions{})
	near.Close()
	require.ErrorIs(t, waitForServe(t, result), port.ErrGone)
}

// TestServeStopsWaiting: neither a slow line nor a stall delays the end of Serve.
func TestServeStopsWaiting(t *testing.T) {
	for name, faults := range map[string]virtual.LineFaults{
		"baud": {Baud: 1}, "stall": {StallAt: 1, Stall: time.Hour},
	} {
		for _, o := range []virtual.ServeOptions{{In: faults}, {Out: faults}} {
			t.Run(name, func(t *testing.T) {
				k := newLockedToken(t, newWorld(t, 1), "always-on-6")
				near, result, stop := startServe(t, k, o)
				_, err := near.Write(infoRequest(1))
				require.NoError(t, err)
				stop()
				require.NoError(t, waitForServe(t, result))
			})
		}
	}
}

func TestServeUnplugged(t *testing.T) {
	request := infoRequest(1)
	for name, c := range map[string]struct {
		o      virtual.ServeOptions
		answer bool // at least a part of it arrives
	}{
		"in the request":          {o: virtual.ServeOptions{In: virtual.LineFaults{Unplug: 5}}},
		"with its last byte":      {o: virtual.ServeOptions{In: virtual.LineFaults{Unplug: len(request)}}},
		"in the answer":           {o: virtual.ServeOptions{Out: virtual.LineFaults{Unplug: 20}}, answer: true},
		"before the first answer": {o: virtual.ServeOptions{Out: virtual.LineFaults{Unplug: 1}}, answer: true},
	} {
		t.Run(name, func(t *testing.T) {
			k := newLockedToken(t, newWorld(t, 1), "always-on-6")
			near, result, _ := startServe(t, k, c.o)
			_, err := near.Write(request)
			require.NoError(t, err)
			require.ErrorIs(t, waitForServe(t, result), virtual.ErrUnplugged)
			require.NoError(t, near.SetReadDeadline(time.Now().Add(patience)))
			got, err := io.ReadAll(near)
			require.ErrorIs(t, err, port.ErrGone)
			require.Len(t, got, c.o.Out.Unplug)
		})
	}
}

// TestServeHostSeesUnplugged: the host gets an error at once and does not wait for a
// time-out.
func TestServeHostSeesUnplugged(t *testing.T) {
	k := newLockedToken(t, newWorld(t, 1), "always-on-6")
	c := client(t, k, virtual.ServeOptions{Out: virtual.LineFaults{Unplug: 20}}, host.WithTimeout(time.Hour))
	_, err := c.Info(t.Context())
	require.ErrorIs(t, err, port.ErrGone)
	require.Zero(t, c.Stats().Repeats)
}

// TestServeBaud: a byte is ten bits in both directions, so 9600 baud are 960 bytes a
// second.
func TestServeBaud(t *testing.T) {
	k := newLockedToken(t, newWorld(t, 1), "always-on-6")
	line := virtual.LineFaults{Baud: 9600}
	c := client(t, k, virtual.ServeOptions{In: line, Out: line}, host.WithTimeout(patience))
	began := time.Now()
	_, err := c.Info(t.Context())
	took := time.Since(began)
	require.NoError(t, err)
	s := c.Stats()
	require.GreaterOrEqual(t, took, time.Duration(s.Sent+s.Received)*line.ByteTime())
}

// TestServeStall: the bytes after a stall arrive late but complete.
func TestServeStall(t *testing.T) {
	k := newLockedToken(t, newWorld(t, 1), "always-on-6")
	const stall = 60 * time.Millisecond
	c := client(t, k, virtual.ServeOptions{Out: virtual.LineFaults{StallAt: 3, Stall: stall}}, host.WithTimeout(patience))
	began := time.Now()
	_, err := c.Info(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), stall)
}

// TestServeSavesBeforeAnswer: the state is saved before the answer that reports it
// leaves.
func TestServeSavesBeforeAnswer(t *testing.T) {
	w := newWorld(t, 1)
	m := modelOf(t, "always-on-6")
	k := w.NewToken(m)
	require.NoError(t, k.Program(serialNumber(t, "1"), payloadFor(w, m), false))
	saved := make(chan serialproto.State, 10)
	full := errors.New("disk full")
	o := virtual.ServeOptions{Before: func() error {
		saved <- k.State()
		if len(saved) == 3 {
			return full
		}
		return nil
	}}
	near, result, _ := startServe(t, k, o)
	c := host.New(near, host.WithTimeout(patience))
	_, err := c.Info(t.Context())
	require.NoError(t, err)
	require.Len(t, saved, 2, "one save for synchronising, one for the request")
	require.ErrorIs(t, c.Lock(t.Context()), port.ErrGone, "an answer that was not saved is not sent")
	require.ErrorIs(t, waitForServe(t, result), full)
	require.Equal(t, serialproto.StateProvisioned, <-saved)
	require.Equal(t, serialproto.StateProvisioned, <-saved)
	require.Equal(t, serialproto.StateLocked, <-saved)
}

// TestServeWithoutPower: a token without a battery is silent, and Serve does not fail.
func TestServeWithoutPower(t *testing.T) {
	k := newLockedToken(t, newWorld(t, 1), "always-on-6")
	k.RemoveBattery()
	c := client(t, k, virtual.ServeOptions{}, host.WithTimeout(10*time.Millisecond), host.WithRetries(1))
	_, err := c.Info(t.Context())
	require.ErrorIs(t, err, host.ErrTimeout)
	require.ErrorContains(t, err, "2 tries")
}

// TestServeSeveralHosts: several hosts at once, each on its own line.
func TestServeSeveralHosts(t *testing.T) {
	k := newLockedToken(t, newWorld(t, 1), "always-on-6")
	results := make(chan error, 4)
	for range cap(results) {
		c := client(t, k, virtual.ServeOptions{}, host.WithTimeout(patience))
		go func() {
			for range 50 {
				if _, err := c.Info(context.Background()); err != nil {
					results <- err
					return
				}
			}
			results <- nil
		}()
	}
	for range cap(results) {
		require.NoError(t, waitForServe(t, results))
	}
}

// TestServeNoise: on a line that corrupts one byte in a thousand in each direction, the
// host's retries deliver every request, and each is executed only once.
func TestServeNoise(t *testing.T) {
	for name, faults := range map[string]virtual.LineFaults{
		"flip": {Flip: 1e-3}, "drop": {Drop: 1e-3}, "double": {Double: 1e-3}, "insert": {Insert: 1e-3},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			k := newLockedToken(t, w, "button-6")
			faults.Seed = 4
			in := faults
			in.Seed = 5
			c := client(t, k, virtual.ServeOptions{In: in, Out: faults},
				host.WithTimeout(20*time.Millisecond), host.WithRetries(10_000))
			for n := range uint32(40) {
				require.NoError(t, c.Press(t.Context()))
				require.Equal(t, n+1, k.Display().Presses)
				w.Advance(time.Minute)
				_, err := c.Info(t.Context())
				require.NoError(t, err)
			}
			require.NotZero(t, c.Stats().Repeats)
		})
	}
}

// TestServeTimesOutOnBrokenLine: a line on which no message arrives intact leads to a
// time-out.
func TestServeTimesOutOnBrokenLine(t *testing.T) {
	k := newLockedToken(t, newWorld(t, 1), "always-on-6")
	c := client(t, k, virtual.ServeOptions{Out: virtual.LineFaults{Flip: 0.5}},
		host.WithTimeout(5*time.Millisecond), host.WithRetries(3))
	_, err := c.Info(t.Context())
	require.ErrorIs(t, err, host.ErrTimeout)
	require.Equal(t, 3, c.Stats().Repeats)
}
