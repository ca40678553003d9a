// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/fleet/control"
)

func (f *fleetCmd) eventsCmd() *cobra.Command {
	var q control.EventQuery
	var follow bool
	cmd := &cobra.Command{
		Use: "events", Short: "Print the event log, oldest event first", Args: noArgs,
		Long: `Print the event log of the fleet as JSON lines, the oldest event first. If the
log no longer holds some of the events, fob prints a warning and, in place of
the events, a line with dropped (their number) and oldest (the number of the
next event).

--follow ends with exit code 0 when the fleet ends. If the connection breaks, it
goes on with the next event, or ends with exit code 3 if the fleet is gone.`,
		Example: "  fob fleet events --after 41\n  fob fleet events --follow --token ZZFB00000001 --kind press,state",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.client(cmd.Context())
			if err != nil {
				return err
			}
			if follow {
				return f.followEvents(cmd.Context(), c, q)
			}
			return f.allEvents(cmd.Context(), c, q)
		},
	}
	cmd.Flags().Uint64Var(&q.After, "after", 0, "only events after number `SEQ`")
	cmd.Flags().StringVar(&q.Token, "token", "", "only events of `TOKEN`")
	cmd.Flags().StringSliceVar(&q.Kinds, "kind", nil, "only events of these `KINDS`, separated by commas")
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with events as they happen, until the fleet ends")
	return cmd
}

// followEvents prints events as they happen, until the fleet ends.
func (f *fleetCmd) followEvents(ctx context.Context, c *control.Client, q control.EventQuery) error {
	err := c.Events(ctx, q, func(e control.StreamEvent) error {
		if e.Dropped > 0 {
			f.warnDropped(e.Dropped, e.Oldest)
		}
		return f.raw(e.JSON)
	})
	if errors.Is(err, control.ErrEnded) {
		return nil
	}
	return err
}

// allEvents prints the events of the log.
func (f *fleetCmd) allEvents(ctx context.Context, c *control.Client, q control.EventQuery) error {
	for {
		var page struct {
			Events                     []json.RawMessage
			Seq, Next, Dropped, Oldest uint64
		}
		v := q.Values()
		v.Set("limit", "10000")
		if err := c.Do(ctx, http.MethodGet, "/v1/events?"+v.Encode(), nil, &page); err != nil {
			return err
		}
		if page.Dropped > 0 {
			f.warnDropped(page.Dropped, page.Oldest)
			if err := jsonLine(f.stdout, droppedEvents{page.Dropped, page.Oldest}); err != nil {
				return err
			}
		}
		for _, e := range page.Events {
			if err := f.raw(e); err != nil {
				return err
			}
		}
		if q.After = page.Next; q.After >= page.Seq {
			return nil
		}
	}
}

// droppedEvents takes the place of events that the log no longer holds.
type droppedEvents struct {
	Dropped uint64 `json:"dropped"`
	Oldest  uint64 `json:"oldest"`
}

func (f *fleetCmd) warnDropped(dropped, oldest uint64) {
	f.warnf("%d events are missing, because the log no longer holds them: the oldest that is left is number %d", dropped, oldest)
}
