// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
)

// deadlines records the deadlines that are set on a connection.
type deadlines struct {
	port.Port
	mu          sync.Mutex
	read, write time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.mu.Lock()
	d.read = t
	d.mu.Unlock()
	return d.Port.SetReadDeadline(t)
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.mu.Lock()
	d.write = t
	d.mu.Unlock()
	return d.Port.SetWriteDeadline(t)
}

// TestNoDeadlineLeft: no deadline is left on the caller's connection after a request,
// successful or not.
func TestNoDeadlineLeft(t *testing.T) {
	far, near := port.Pipe()
	serve(t, newToken(t, newWorld(t), "button-6"), far)
	d := &deadlines{Port: near}
	defer d.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	silentFar, silentNear := port.Pipe()
	defer silentFar.Close()
	silent := &deadlines{Port: silentNear}
	defer silent.Close()
	soonOver, stop := context.WithTimeout(t.Context(), shortWait)
	defer stop()

	for name, c := range map[string]struct {
		conn    *deadlines
		request func(*host.Client) error
		want    error
	}{
		"answered": {d, func(c *host.Client) error { _, err := c.Groups(t.Context()); return err }, nil},
		"refused":  {d, func(c *host.Client) error { return c.Lock(t.Context()) }, serialproto.ErrNotProvisioned},
		"cancelled": {silent, func(c *host.Client) error { return c.Reset(cancelled) },
			context.Canceled},
		"out of time": {silent, func(c *host.Client) error { return c.Reset(soonOver) }, host.ErrTimeout},
		"no answer": {silent, func(c *host.Client) error {
			return host.New(silent, host.WithTimeout(shortWait), host.WithRetries(0)).Reset(t.Context())
		}, host.ErrTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.request(host.New(c.conn, host.WithTimeout(patience)))
			if c.want == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, c.want)
			}
			c.conn.mu.Lock()
			defer c.conn.mu.Unlock()
			require.Zero(t, c.conn.read, "read")
			require.Zero(t, c.conn.write, "write")
		})
	}
}
