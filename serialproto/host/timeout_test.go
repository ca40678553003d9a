// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
)

// TestAnswerTime: the host waits as long as PROTOCOL.md allows the device.
func TestAnswerTime(t *testing.T) {
	document, err := os.ReadFile("../PROTOCOL.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(document), "### 10.1 ")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	type command struct {
		group serialproto.Group
		op    serialproto.Op
		id    uint8
	}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		require.NoError(t, err)
		return n
	}
	want := map[command]time.Duration{}
	for _, row := range regexp.MustCompile(`(?m)^\| group (\d+), (\d+) \S+ \| (read|write) \| (\d+) \|`).FindAllStringSubmatch(section, -1) {
		op := map[string]serialproto.Op{"read": serialproto.OpRead, "write": serialproto.OpWrite}[row[3]]
		want[command{serialproto.Group(number(row[1])), op, uint8(number(row[2]))}] = time.Duration(number(row[4])) * time.Second
	}
	require.Len(t, want, strings.Count(section, "\n| group "), "the test does not parse every row")
	require.Len(t, want, 5)
	others := regexp.MustCompile(`(?m)^\| all others \| \| (\d+) \|`).FindStringSubmatch(section)
	require.NotNil(t, others)

	for _, group := range []serialproto.Group{serialproto.GroupOS, serialproto.GroupEnum, serialproto.GroupToken, serialproto.GroupRig} {
		for _, op := range []serialproto.Op{serialproto.OpRead, serialproto.OpWrite} {
			for id := range uint8(16) {
				documented, ok := want[command{group, op, id}]
				if !ok {
					documented = time.Duration(number(others[1])) * time.Second
				}
				require.Equal(t, documented, host.AnswerTime(group, op, id), "group %d, op %d, command %d", group, op, id)
			}
		}
	}
}

// TestSlowestDevice: a device that takes the maximum time is asked once. For a silent
// device, the host gives up after three times the maximum.
func TestSlowestDevice(t *testing.T) {
	serial := newOrder(t, newWorld(t), "button-6").Serial
	for name, call := range map[string]struct {
		do    func(context.Context, *host.Client) error
		limit time.Duration
	}{
		"self-test": {func(ctx context.Context, c *host.Client) error { _, err := c.SelfTest(ctx); return err }, 10 * time.Second},
		"lock":      {func(ctx context.Context, c *host.Client) error { return c.Lock(ctx) }, 5 * time.Second},
		"wipe":      {func(ctx context.Context, c *host.Client) error { return c.Wipe(ctx, serial) }, 5 * time.Second},
		"info":      {func(ctx context.Context, c *host.Client) error { _, err := c.Info(ctx); return err }, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				var requests, delay atomic.Int64 // delay 0: no answer
				delay.Store(int64(call.limit - time.Millisecond))
				go answerRequests(far, func(h serialproto.Header, _ []byte) []byte {
					if h.Group != serialproto.GroupOS {
						requests.Add(1)
						if delay.Load() == 0 {
							return nil
						}
						time.Sleep(time.Duration(delay.Load()))
					}
					return hosttest.Frame(h.Response(), []byte{0xA0}) // not a valid answer to some commands
				})
				defer near.Close()
				c := host.New(near)
				_, err := c.Echo(t.Context(), "") // this synchronises the client
				require.NoError(t, err)
				began := time.Now()
				require.NotErrorIs(t, call.do(t.Context(), c), host.ErrTimeout)
				require.EqualValues(t, 1, requests.Load())
				require.EqualValues(t, delay.Load(), time.Since(began))
				require.Zero(t, c.Stats().Repeats)

				delay.Store(0)
				began = time.Now()
				require.ErrorIs(t, call.do(t.Context(), c), host.ErrTimeout)
				require.EqualValues(t, 1+3, requests.Load())
				require.Equal(t, 3*call.limit, time.Since(began))
			})
		})
	}
}
