// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

// echoed returns the body {"r": "x"}, framed as the answer to h.
func echoed(h serialproto.Header) []byte {
	return hosttest.Frame(h.Response(), []byte{0xA1, 0x61, 'r', 0x61, 'x'})
}

// TestRetries: a request is sent once, and once more for each retry.
func TestRetries(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		for retries, want := range map[int]int{0: 1, 1: 2, 4: 5, -1: 1} {
			var mu sync.Mutex
			seqs := map[uint8]int{}
			c := device(t, func(h serialproto.Header, _ []byte) []byte {
				mu.Lock()
				defer mu.Unlock()
				seqs[h.Seq]++
				return nil
			}, host.WithTimeout(shortWait), host.WithRetries(retries))
			_, err := c.Info(t.Context())
			require.ErrorIs(t, err, host.ErrTimeout)
			require.False(t, errors.Is(err, context.DeadlineExceeded))
			mu.Lock()
			require.Len(t, seqs, 1)
			for _, n := range seqs {
				require.Equal(t, want, n)
			}
			mu.Unlock()
			require.Equal(t, want-1, c.Stats().Repeats)
		}
	})
}

// TestRequestTooLong: a message that is too long for any token is not sent.
func TestRequestTooLong(t *testing.T) {
	c := device(t, func(serialproto.Header, []byte) []byte { return nil })
	_, err := c.Echo(t.Context(), strings.Repeat("x", 500))
	require.ErrorIs(t, err, serialproto.RCMessageSize)
	require.Zero(t, c.Stats().Sent)
}

// TestCancel: the end of the context ends a call at once, even one that waits for its
// turn.
func TestCancel(t *testing.T) {
	tooltest.CheckLeaks(t, "serialproto/host.")
	asked := make(chan struct{}, 10)
	c := device(t, func(serialproto.Header, []byte) []byte {
		asked <- struct{}{}
		return nil
	}, host.WithTimeout(time.Hour), host.WithRetries(100))
	first, cancelFirst := context.WithCancel(t.Context())
	second, cancelSecond := context.WithCancel(t.Context())
	results := [2]chan error{make(chan error, 1), make(chan error, 1)}
	go func() { _, err := c.Info(first); results[0] <- err }()
	<-asked
	go func() { _, err := c.Info(second); results[1] <- err }()
	cancelSecond()
	require.ErrorIs(t, waitFor(t, results[1]), context.Canceled)
	cancelFirst()
	err := waitFor(t, results[0])
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, host.ErrTimeout)

	_, err = c.Info(first)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, asked, "nothing is sent if the context has ended")
	require.Zero(t, c.Stats().Repeats)

	third, cancelThird := context.WithTimeout(t.Context(), shortWait)
	defer cancelThird()
	_, err = c.Info(third)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, host.ErrTimeout)
	require.Zero(t, c.Stats().Repeats)
}

// TestCancelRace: a context that ends at any moment does not disturb other calls.
func TestCancelRace(t *testing.T) {
	c := device(t, func(h serialproto.Header, _ []byte) []byte { return echoed(h) }, host.WithRetries(0))
	for n := range 300 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(time.Duration(n) * time.Microsecond / 2)
			cancel()
		}()
		if _, err := c.Echo(ctx, "x"); err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
		text, err := c.Echo(t.Context(), "x")
		require.NoError(t, err)
		require.Equal(t, "x", text)
		cancel()
	}
}

func waitFor(t *testing.T, c <-chan error) error {
	t.Helper()
	select {
	case err := <-c:
		return err
	case <-time.After(patience):
		require.FailNow(t, "the call does not return")
		return nil
	}
}

// TestUnplug: unplugging the device ends a call at once, with ErrGone.
func TestUnplug(t *testing.T) {
	far, near := port.Pipe()
	c := host.New(near, host.WithTimeout(time.Hour))
	result := make(chan error, 1)
	go func() { _, err := c.Info(context.Background()); result <- err }()
	var buf [64]byte
	_, err := far.Read(buf[:])
	require.NoError(t, err)
	_, err = far.Write(echoed(serialproto.Header{})[:5]) // in the middle of a message
	require.NoError(t, err)
	far.Close()
	require.ErrorIs(t, waitFor(t, result), port.ErrGone)
	_, err = c.Info(t.Context())
	require.ErrorIs(t, err, port.ErrGone)
	require.Zero(t, c.Stats().Repeats)
}

// TestConcurrent: many goroutines share a client, and each gets its own answer.
func TestConcurrent(t *testing.T) {
	w := newWorld(t)
	c := attach(t, newToken(t, w, "button-6"))
	var done sync.WaitGroup
	errs := make(chan error, 100)
	for i := range 8 {
		done.Go(func() {
			text := strings.Repeat(string(rune('a'+i)), 20*i)
			for range 30 {
				got, err := c.Echo(context.Background(), text)
				if err == nil && got != text {
					err = errors.New("the answer to a different request")
				}
				if err != nil {
					errs <- err
					return
				}
				c.Stats()
			}
		})
	}
	done.Wait()
	require.Empty(t, errs)
}

// TestRigCommandRunsOnce: a press whose answer is lost is executed once, and the next press is
// a new one.
func TestRigCommandRunsOnce(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		w := newWorld(t)
		k := newToken(t, w, "button-6")
		c, line := attachWire(t, k, host.WithTimeout(shortWait), host.WithRetries(100))
		require.NoError(t, c.Provision(t.Context(), host.InsecureTestStationKey(), newOrder(t, w, "button-6")))
		for n := uint32(1); n <= 3; n++ {
			line.loseNext(2)
			require.NoError(t, c.Press(t.Context()))
			require.Equal(t, n, k.Display().Presses)
			w.Advance(time.Minute)
		}
		require.GreaterOrEqual(t, c.Stats().Repeats, 6)
	})
}

// TestSupplyRemoved: the request that removes the power is answered.
func TestSupplyRemoved(t *testing.T) {
	w := newWorld(t)
	k := newToken(t, w, "button-6")
	c := attach(t, k)
	require.NoError(t, c.SetClock(t.Context(), w.Now().Time()))
	require.NoError(t, c.Supply(t.Context(), 0))
	_, set, err := c.Clock(t.Context())
	require.NoError(t, err)
	require.False(t, set)
	require.Zero(t, c.Stats().Repeats)
}

// TestTemperatureRounds: 8.2 is not a binary fraction, and must not arrive as 8.199.
func TestTemperatureRounds(t *testing.T) {
	bodies := make(chan string, 1)
	c := device(t, func(h serialproto.Header, body []byte) []byte {
		bodies <- string(body)
		return hosttest.Frame(h.Response(), []byte{0xA0})
	})
	for celsius, want := range map[float64]string{8.2: "\x62mc\x19\x20\x08", -0.001: "\x62mc\x20"} {
		require.NoError(t, c.Temperature(t.Context(), celsius))
		require.Contains(t, <-bodies, want)
	}
}

// TestNoRig: a production token has no rig.
func TestNoRig(t *testing.T) {
	w, err := virtual.NewWorld(virtual.Config{NoRig: true})
	require.NoError(t, err)
	c := attach(t, newToken(t, w, "button-6"))
	require.ErrorIs(t, c.Press(t.Context()), serialproto.RCUnsupported)
	_, err = c.RigDisplay(t.Context())
	require.ErrorIs(t, err, serialproto.RCUnsupported)
	groups, err := c.Groups(t.Context())
	require.NoError(t, err)
	require.NotContains(t, groups, serialproto.GroupRig)
}
