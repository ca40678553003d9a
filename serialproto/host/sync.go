// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"crypto/rand"

	"github.com/d204ef64/fob/serialproto"
)

// syncLocked ensures that the following answers are for us. An earlier host may have
// left without reading its answers, which may be anywhere between the device and here.
// The sequence number has only 8 bits, so such an answer could sometimes be taken for
// ours. A device answers in order: once it has echoed our random text, all earlier
// answers have arrived.
func (c *Client) syncLocked(ctx context.Context) error {
	if c.synced {
		return nil
	}
	c.transport.Drain(ctx)
	text := rand.Text()[:8]
	isOurs := func(body []byte) bool {
		var m struct {
			R *string `cbor:"r"`
		}
		// An answer without a text is a refusal: this device does not support more.
		return decoding.Unmarshal(body, &m) != nil || m.R == nil || *m.R == text
	}
	_, err := c.exchangeLocked(ctx, request{
		op: serialproto.OpWrite, group: serialproto.GroupOS, command: serialproto.CmdOSEcho,
		body: map[string]string{"d": text},
	}, isOurs)
	c.synced = err == nil
	return err
}
