// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/serialproto/host"
)

// enrolResult is the output of fob device enrol.
type enrolResult struct {
	HardwareID host.HardwareID `json:"hardware_id"`
	DeviceKey  string          `json:"device_key"`
}

func newEnrolCmd(d *device) *cobra.Command {
	cmd := d.command("enrol", "Print a blank token's line for an enrolment list", `Print the hardware id and the public key of a blank or wiped token: a line of
the list that fob line run --enrolled reads. Do this where the token is made,
before others can replace it. The token is not changed.`, func(ctx context.Context, c *host.Client) error {
		info, err := c.Info(ctx)
		if err != nil {
			return err
		}
		key, _, err := c.DeviceKey(ctx)
		if err != nil {
			return err
		}
		r := enrolResult{info.HardwareID, fmt.Sprintf("%x", key)}
		return d.print(r, fmt.Sprintf("%s %s\n", r.HardwareID, r.DeviceKey))
	})
	cmd.Example = `  fob device enrol --port /dev/ttyACM0`
	return cmd
}
