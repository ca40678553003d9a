// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/d204ef64/fob/serialproto"
)

const (
	// drainPause is how long a line must be silent to count as drained.
	drainPause = 2 * time.Millisecond
	// drainMost ends the draining of a line that is never silent.
	drainMost = 100 * time.Millisecond
)

// drainLocked throws away what has arrived.
func (c *Client) drainLocked(ctx context.Context) {
	c.pending = nil
	var buf [4096]byte
	for end := time.Now().Add(drainMost); time.Now().Before(end); {
		if limit(ctx, c.conn.SetReadDeadline, time.Now().Add(drainPause)) != nil {
			return
		}
		n, err := c.conn.Read(buf[:])
		c.count(func(s *Stats) { s.Received += n })
		if err != nil {
			return
		}
	}
}

// syncLocked makes sure that what comes from now on is for us. A host before us
// may have left without reading its answers, and they may be anywhere between
// the device and here; the sequence number has 8 bits, so one of them would pass
// for an answer to us now and then. A device answers in order: once it has
// echoed our random text, all that was under way has come.
func (c *Client) syncLocked(ctx context.Context) error {
	if c.synced {
		return nil
	}
	c.drainLocked(ctx)
	text := rand.Text()[:8]
	ours := func(body []byte) bool {
		var m struct {
			R *string `cbor:"r"`
		}
		// An answer without a text is a refusal: such a device cannot do better.
		return decoding.Unmarshal(body, &m) != nil || m.R == nil || *m.R == text
	}
	_, err := c.exchangeLocked(ctx, request{
		op: serialproto.OpWrite, group: serialproto.GroupOS, command: serialproto.CmdOSEcho,
		body: map[string]string{"d": text},
	}, ours)
	c.synced = err == nil
	return err
}
