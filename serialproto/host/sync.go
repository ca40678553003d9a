// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"crypto/rand"

	"github.com/d204ef64/fob/serialproto"
)

// syncLocked makes sure that what comes from now on is for us. A host before us
// may have left without reading its answers, and they may be anywhere between
// the device and here; the sequence number has 8 bits, so one of them would pass
// for an answer to us now and then. A device answers in order: once it has
// echoed our random text, all that was under way has come.
func (c *Client) syncLocked(ctx context.Context) error {
	if c.synced {
		return nil
	}
	c.transport.Drain(ctx)
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
