// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
)

func newLineResumeCmd(a *app) *cobra.Command {
	var o stationFlags
	var id, file string
	var void, yes bool
	cmd := &cobra.Command{
		Use:   "resume [--journal FILE]",
		Short: "Finish the tokens on which a line was interrupted",
		Long: `List the tokens on which a line was interrupted. With --ports, ask each token
that is plugged in for its state, and finish it or give it up; other tokens are
refused. fob ends when none is left. fob line run does the same besides its
other work.

With --void-missing, give up the tokens that never come back. Their serial
numbers are used up, and their seeds are deleted: such a token is refused if it
does come back. A label that was printed for one must be destroyed. fob asks
first; without a terminal, --yes is needed.`,
		Example: `  fob line resume --journal line.db
  fob line resume --journal line.db --ports auto
  fob line resume --journal line.db --void-missing --yes`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.lineResume(cmd.Context(), &o, id, file, void, yes)
		},
	}
	f := cmd.Flags()
	f.StringVar(&id, "id", "", "the `ORDER`; needed if several have unfinished tokens")
	f.StringVar(&file, "order", "", "find certificates and keys that the order names beside this `FILE`; default: in this folder")
	f.StringSliceVar(&o.ports, "ports", nil, "finish the tokens on these `PORTS`: auto, or addresses and patterns with commas between them")
	f.BoolVar(&void, "void-missing", false, "give up all unfinished tokens")
	f.BoolVar(&yes, "yes", false, "do not ask")
	o.add(cmd)
	cmd.MarkFlagsMutuallyExclusive("ports", "void-missing")
	return cmd
}

// unfinishedResult is a unit that was interrupted, in the output of --json.
type unfinishedResult struct {
	Order      string          `json:"order"`
	Serial     token.Serial    `json:"serial"`
	HardwareID host.HardwareID `json:"hardware_id"`
	State      string          `json:"state"`
	Port       string          `json:"port"`
	Started    time.Time       `json:"started"`
	Attempts   int             `json:"attempts"`
	Reason     string          `json:"reason"`
	Labels     int             `json:"labels"`
}

func (a *app) lineResume(ctx context.Context, o *stationFlags, id, file string, void, yes bool) (err error) {
	if len(o.ports) == 0 && o.http.addr != "off" {
		return usagef("--listen goes with --ports")
	}
	if err := o.http.check(ctx, a); err != nil {
		return err
	}
	if _, err := a.stationKey(ctx, o.key); err != nil { // also if no token is unfinished
		return err
	}
	j, err := a.openJournal(ctx, o, false, void || len(o.ports) > 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	info, units, err := a.interrupted(ctx, j.Journal, id, void || len(o.ports) > 0)
	if err != nil {
		return err
	}
	if !void && len(o.ports) == 0 || len(units) == 0 {
		return a.listUnfinished(ctx, j.Journal, units, false)
	}
	if void {
		if !yes {
			question := fmt.Sprintf("Give %s up and delete the seeds? They cannot be finished or delivered any more: %s.", countTokens(len(units)), serialsOf(units))
			if err := a.confirm(ctx, question); err != nil {
				return err
			}
		}
		if err := giveUp(ctx, j.Journal, units); err != nil {
			return err
		}
		return a.listUnfinished(ctx, j.Journal, units, true)
	}
	w, err := a.equip(ctx, o, info.Content, filepath.Dir(file))
	if err != nil {
		return err
	}
	if err := w.begin(ctx, j); err != nil {
		return err
	}
	defer w.batch.Close()
	w.config.Resume = true
	return a.workOn(ctx, w, func(v *line.View) bool { return !v.Busy() && nothingLeft(ctx, w.batch) })
}

// nothingLeft reports whether no unit of an order is unfinished. If the journal cannot be
// read, the station's next step reports it.
func nothingLeft(ctx context.Context, b *journal.Batch) bool {
	c, err := b.Counts(ctx)
	return err == nil && c.Unfinished == 0
}

// interrupted returns the unfinished units of an order, or of all orders if id is "". If
// one is set, they must be of one order, which is returned, too.
func (a *app) interrupted(ctx context.Context, j *journal.Journal, id string, one bool) (info journal.OrderInfo, units []journal.Unit, err error) {
	orders, err := j.Orders(ctx)
	if err != nil {
		return info, nil, err
	}
	var names []string
	for _, o := range orders {
		if id != "" && o.Name != id {
			continue
		}
		list, err := j.Unfinished(ctx, o.Name)
		if err != nil {
			return info, nil, err
		}
		if id != "" || len(list) > 0 {
			info, names = o, append(names, o.Name)
		}
		units = append(units, list...)
	}
	switch {
	case id != "" && len(names) == 0:
		_, err = j.OrderInfo(ctx, id) // returns the error of an unknown order
	case one && len(names) > 1:
		err = usagef("several orders have unfinished tokens: choose one with --id: %s", strings.Join(names, ", "))
	}
	return info, units, err
}

// listUnfinished prints units.
func (a *app) listUnfinished(ctx context.Context, j *journal.Journal, units []journal.Unit, voided bool) error {
	list := make([]unfinishedResult, 0, len(units))
	var b strings.Builder
	for _, u := range units {
		labels, err := j.Labels(ctx, u.ID)
		if err != nil {
			return err
		}
		list = append(list, unfinishedResult{u.Order, u.Serial, u.HardwareID, string(u.State), u.Socket, u.Began, u.Attempts, u.Reason, len(labels)})
		fmt.Fprintf(&b, "%s  device %s  %-9s  %s  %s\n", u.Serial, u.HardwareID, u.State, u.Began.Local().Format("2006-01-02 15:04"), plain(u.Socket))
		switch {
		case !voided || len(labels) == 0:
		case slices.ContainsFunc(labels, func(l journal.Label) bool { return !l.Printed.IsZero() }):
			fmt.Fprintf(&b, "%s  destroy its label\n", u.Serial)
		default:
			fmt.Fprintf(&b, "%s  look at the printer: destroy its label if it was printed\n", u.Serial)
		}
	}
	switch {
	case len(units) == 0:
		b.WriteString("no token is unfinished\n")
	case voided:
		fmt.Fprintf(&b, "%s given up\n", countTokens(len(units)))
	default:
		fmt.Fprintf(&b, "%s unfinished: insert each again, with --ports auto or in fob line run; or give up all with --void-missing\n", countTokens(len(units)))
	}
	if a.json {
		for _, u := range list {
			if err := jsonLine(a.stdout, u); err != nil {
				return err
			}
		}
		return nil
	}
	return a.print(nil, b.String())
}

// serialsOf returns the serial numbers of units for a question: the first ones of many.
func serialsOf(units []journal.Unit) string {
	const most = 5
	var list []string
	for _, u := range units[:min(len(units), most)] {
		list = append(list, u.Serial.String())
	}
	if len(units) > most {
		list = append(list, fmt.Sprintf("%d more", len(units)-most))
	}
	return strings.Join(list, ", ")
}

// giveUp gives up units whose devices do not come back. It updates them.
func giveUp(ctx context.Context, j *journal.Journal, units []journal.Unit) error {
	for i := range units {
		if err := j.GiveUp(ctx, &units[i], "the device did not come back", journal.BinSuspect); err != nil {
			return err
		}
	}
	return nil
}
