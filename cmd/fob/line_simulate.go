// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/practice"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/line/page"
)

// simulateOptions are the flags of fob line simulate.
type simulateOptions struct {
	tokens, stations, ports int
	order, plan, out        string
	leaveLabels             bool
	http                    httpFlags
}

func newLineSimulateCmd(a *app) *cobra.Command {
	var o simulateOptions
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Practise a line with virtual tokens and operators",
		Long: `Run a line with virtual tokens and virtual operators, who insert each token,
wait for PASS or FAIL, scan its label and remove it. A plan of faults makes some
tokens and operators fail:

  ` + strings.Join(practice.Faults(), "\n  ") + `

fob prints what was made, voided and refused, and compares it with a perfect
line: the exit code is 1 if they differ. Without --order, it makes the sample
order for the number of tokens, with one code and a limit for the crystal that
is measured in a second.

--out keeps the order, the journals and the labels in a folder. customer.key in
it decrypts the seeds.`,
		Example: `  fob line simulate
  fob line simulate --tokens 12 --ports 4 --fault-plan docs/line/faults.yaml`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.lineSimulate(cmd.Context(), &o) },
	}
	f := cmd.Flags()
	f.IntVar(&o.tokens, "tokens", 100, "number `N` of tokens")
	f.IntVar(&o.stations, "stations", 1, "number `N` of stations, which share the order")
	f.IntVar(&o.ports, "ports", 8, "number `N` of ports of each station")
	f.StringVar(&o.order, "order", "", "work on the order `FILE`, without its signatures; default: the sample order")
	f.StringVar(&o.plan, "fault-plan", "", "the faults: `FILE` as docs/line/faults.yaml")
	f.BoolVar(&o.leaveLabels, "leave-labels", false, "do not scan the labels: with --listen, a person does it on the page")
	o.http.addLine(f)
	f.StringVar(&o.out, "out", "", "keep the files in the new folder `DIR`")
	return cmd
}

// These limit the tokens of a simulation, and the ports of each station.
const maxSimulated, maxPorts = 100_000, 999

func (a *app) lineSimulate(ctx context.Context, o *simulateOptions) (err error) {
	switch {
	case o.tokens < 1 || o.tokens > maxSimulated:
		return usagef("--tokens %d: want 1 to %d", o.tokens, maxSimulated)
	case o.stations < 1 || o.stations > 99:
		return usagef("--stations %d: want 1 to 99", o.stations)
	case o.ports < 1 || o.ports > maxPorts:
		return usagef("--ports %d: want 1 to %d", o.ports, maxPorts)
	}
	if err := o.http.check(ctx, a); err != nil {
		return err
	}
	if o.leaveLabels && o.http.addr == "off" {
		return usagef("--leave-labels goes with --listen")
	}
	c := practice.Config{Tokens: o.tokens, Stations: o.stations, Ports: o.ports, Dir: o.out, LeaveLabels: o.leaveLabels}
	if o.plan != "" {
		text, err := a.readPublic(ctx, "fault plan", o.plan)
		if err != nil {
			return err
		}
		if c.Plan, err = practice.ParsePlan(text); err == nil {
			err = c.Plan.Check(o.tokens)
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", source(o.plan), err)
		}
	}
	if o.order != "" { // before anything is made
		if err := readOrder(&c, o.order); err != nil {
			return err
		}
	}
	if o.out == "" {
		if c.Dir, err = os.MkdirTemp("", "fob-line"); err != nil {
			return fmt.Errorf("making a folder: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(c.Dir)) }()
	} else if err := os.Mkdir(o.out, 0o700); err != nil {
		return usagef("making the folder of --out: %w: name a new one", err)
	}
	if o.order == "" {
		if err := practice.NewOrder(c.Dir, o.tokens, time.Now()); err != nil {
			return err
		}
		if err := readOrder(&c, filepath.Join(c.Dir, practice.OrderFile)); err != nil {
			return err
		}
	}
	v := line.NewView(o.view(&c, fmt.Sprintf("%d × %d ports", o.stations, o.ports)))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	show := a.lineDisplay(v, cancel)
	c.Report = v.Add
	if show.terminal {
		c.Report = both(v.Add, show.event)
	}
	pages, err := a.servePages(ctx, &o.http, page.Options{Stations: o.pages(&c)}, cancel)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pages.close()) }()
	if pages != nil {
		if err := show.announce(pages); err != nil {
			return err
		}
	}
	if err := show.start(); err != nil {
		return err
	}
	r, err := practice.Run(ctx, c)
	if err = errors.Join(err, show.stop()); err != nil {
		return err
	}
	if err := a.print(r, simulated(r)); err != nil {
		return err
	}
	if len(r.Differences) > 0 {
		return errclass.With(errclass.Failed, fmt.Errorf("the line made something else than a perfect line: %d differences", len(r.Differences)))
	}
	return nil
}

// view describes a station of a simulation, or all of them.
func (o *simulateOptions) view(c *practice.Config, station string) line.ViewConfig {
	return line.ViewConfig{
		Station: station, Order: c.Order.ID, Customer: c.Order.Customer, Model: c.Order.Model, Labels: line.JobOf(c.Order).Labels,
		Counts: journal.Counts{Wanted: int64(o.tokens)}, Warnings: []line.Warning{line.WarnPractice},
	}
}

// pages makes the pages of the stations, which follow their events. The stations do not
// exist yet.
func (o *simulateOptions) pages(c *practice.Config) (list []*page.Station) {
	byName := map[string]func(*line.Station) func(line.Event){}
	var views []*line.View
	all := func() (n int64) {
		for _, v := range views {
			n += v.Done()
		}
		return n
	}
	for i := range o.stations {
		name := practice.StationName(i)
		config := o.view(c, name)
		config.OrderDone = all
		v := line.NewView(config)
		views = append(views, v)
		var station lateStation
		shown := page.NewStation(v, station.labelTaken)
		list = append(list, shown)
		byName[name] = func(s *line.Station) func(line.Event) {
			station.Store(s)
			return both(v.Add, shown.Add)
		}
	}
	c.Station = func(name string, s *line.Station) func(line.Event) { return byName[name](s) }
	return list
}

// both returns a function that calls two.
func both[E any](f, g func(E)) func(E) { return func(e E) { f(e); g(e) } }

// readOrder reads the order and the files that it names.
func readOrder(c *practice.Config, path string) (err error) {
	if c.Content, err = order.ReadFile(path); err != nil {
		return err
	}
	if c.Order, err = order.Check(c.Content, time.Now()); err != nil {
		return fmt.Errorf("reading %s: %w", source(path), err)
	}
	c.Recipients, err = orderRecipients(c.Order, filepath.Dir(path))
	return err
}

// simulated describes the result of a simulation.
func simulated(r *practice.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of order %s in %.1f s\n\n%-10s %6s  %s\n", countTokens(r.Tokens), plain(r.Order), r.Seconds, "", "line", "perfect line")
	row := func(name string, is, perfect int) { fmt.Fprintf(&b, "%-10s %6d  %6d\n", name, is, perfect) }
	row("made", r.Tally.Made, r.Perfect.Made)
	row("voided", r.Tally.Voided, r.Perfect.Voided)
	row("refused", r.Tally.Refused, r.Perfect.Refused)
	if r.Tally.Open > 0 {
		row("unfinished", r.Tally.Open, r.Perfect.Open)
	}
	if len(r.Bad) > 0 {
		b.WriteString("\n")
	}
	for _, d := range r.Bad {
		fmt.Fprintf(&b, "token %d: %s", d.Token, d.Outcome)
		if d.Serial != "" {
			fmt.Fprintf(&b, ", %s", d.Serial)
		}
		fmt.Fprintf(&b, ": %s", plain(d.Reason))
		if d.Bin != "" {
			fmt.Fprintf(&b, " (%s)", d.Bin)
		}
		b.WriteString("\n")
	}
	if len(r.Differences) == 0 {
		b.WriteString("\nThe line made the same as a perfect line.\n")
		return b.String()
	}
	b.WriteString("\nDifferences from a perfect line:\n")
	for _, d := range r.Differences {
		fmt.Fprintf(&b, "  %s\n", plain(d))
	}
	return b.String()
}
