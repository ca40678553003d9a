// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/token"
)

func newLineLabelCmd(a *app) *cobra.Command {
	var jf journalFlag
	var pf printerFlags
	var serial, reason string
	cmd := &cobra.Command{
		Use:   "label --serial S --reason TEXT --printer ADDR",
		Short: "Print the label of a token again",
		Long: `Print the label of a token again, because the first one was damaged or lost. The
journal records the reason. Destroy the other label: the audit counts them.

A token has a label once it is locked, and none after it was given up. This
works while the station runs: a port that waits for the label accepts this one.`,
		Example: `  fob line label --journal line.db --serial ZZFB00000001 --reason "torn" --printer tcp:10.0.0.9:9100`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			s, err := token.ParseSerial(serial)
			if err != nil {
				return usagef("--serial: %w", err)
			}
			if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxReason || plain(reason) != reason {
				return usagef("--reason: want 1 to %d bytes that can be printed", maxReason)
			}
			return jf.write(ctx, func(j *journal.Journal) error {
				u, err := j.Unit(ctx, s)
				if err != nil {
					return err
				}
				info, err := j.OrderInfo(ctx, u.Order)
				if err != nil {
					return err
				}
				o, err := order.Parse(info.Content)
				if err != nil {
					return err
				}
				p, err := pf.open(ctx, o, false)
				if err != nil {
					return err
				}
				n, err := line.Reprint(ctx, j, p, &u, reason)
				if err != nil {
					return err
				}
				return a.print(labelResult{u.Serial, u.Order, n, p.String(), reason}, u.Serial.String()+": the label was printed again\n")
			})
		},
	}
	jf.add(cmd)
	pf.add(cmd)
	f := cmd.Flags()
	f.StringVar(&serial, "serial", "", "the serial `NUMBER` of the token")
	f.StringVar(&reason, "reason", "", "`TEXT` for the journal: why the label is printed again")
	for _, name := range []string{"serial", "reason", "printer"} {
		cmd.MarkFlagRequired(name)
	}
	return cmd
}

// maxReason is the maximum length of the reason for a reprint.
const maxReason = 200

// labelResult is the result of fob line label.
type labelResult struct {
	Serial  token.Serial `json:"serial"`
	Order   string       `json:"order"`
	Labels  int          `json:"labels"`
	Printer string       `json:"printer"`
	Reason  string       `json:"reason"`
}
