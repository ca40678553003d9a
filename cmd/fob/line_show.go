// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/line/export"
	"github.com/d204ef64/fob/line/journal"
)

func newLineShowCmd(a *app) *cobra.Command {
	var jf journalFlag
	var ledger databaseFlags
	var id, state string
	var units bool
	cmd := &cobra.Command{
		Use:   "show [--order ID] [--units] [--state STATE]",
		Short: "Show the orders and units in a journal, or in a shared ledger",
		Long: `Show the orders in the journal of a station: how many units are done, void and
unfinished, why units are void, and the exports. With --units, list the units
as well; --state selects one state: allocated, sent, confirmed, verified,
locking, locked, labelled, done or void. It works while the station runs, and
needs no key.

With --db, show the orders in the ledger that several stations share, as far as
they have copied their records to it.`,
		Example: `  fob line show --journal line.db
  fob line show --db postgres://line@db/line
  fob line show --journal line.db --state void --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if state != "" && !journal.State(state).Valid() {
				return usagef("--state %s: there is no such state: see fob line show --help", state)
			}
			a.lists = true
			if ledger.given() {
				return a.readLedger(cmd.Context(), &ledger, func(l *journal.SharedLedger) error {
					out, err := a.create("", false)
					if err != nil {
						return err
					}
					return out.finish(a.showShared(cmd.Context(), l, out, id, units || state != "", journal.State(state)))
				})
			}
			return jf.read(cmd.Context(), func(j *journal.Journal, _ string) error {
				out, err := a.create("", false)
				if err != nil {
					return err
				}
				s := shower{a, j, out, units || state != "", journal.State(state)}
				return out.finish(s.show(cmd.Context(), id))
			})
		},
	}
	jf.add(cmd)
	f := cmd.Flags()
	ledger.add(f, "show the shared ledger `DB`: postgres://USER@HOST/NAME")
	cmd.MarkFlagsMutuallyExclusive("journal", "db", "db-file")
	f.StringVar(&id, "order", "", "only the order `ID`")
	f.BoolVar(&units, "units", false, "list the units")
	f.StringVar(&state, "state", "", "list only units in `STATE`")
	return cmd
}

// shower prints the content of a journal.
type shower struct {
	*app
	journal *journal.Journal
	out     io.Writer
	units   bool
	state   journal.State
}

// lineShowResult is an order in the output of fob line show.
type lineShowResult struct {
	Order      string            `json:"order"`
	SHA256     string            `json:"sha256"`
	Station    string            `json:"station"`
	Ordered    int64             `json:"ordered"`
	Done       int64             `json:"done_units"`
	Void       int64             `json:"void"`
	Unfinished int64             `json:"unfinished"`
	Voids      []lineVoidResult  `json:"voids"`
	Exports    []lineExportEntry `json:"exports"`
}

// lineVoidResult is the number of units that were given up for a reason.
type lineVoidResult struct {
	Reason string `json:"reason"`
	Bin    string `json:"bin"`
	Units  int64  `json:"units"`
}

// lineExportEntry is an export in the output of fob line show.
type lineExportEntry struct {
	Digest       string     `json:"digest"`
	Through      int64      `json:"through"`
	Exported     time.Time  `json:"exported"`
	Acknowledged *time.Time `json:"acknowledged"`
}

func (s *shower) show(ctx context.Context, id string) error {
	orders, err := s.journal.Orders(ctx)
	if err != nil {
		return err
	}
	shown := 0
	for _, o := range orders {
		if id != "" && o.Name != id {
			continue
		}
		shown++
		if err := s.order(ctx, o); err != nil {
			return err
		}
		if !s.units {
			continue
		}
		err := export.EachUnit(ctx, s.journal, o.Name, s.state, func(u *journal.Unit) error {
			if s.json {
				return jsonLine(s.out, export.UnitOf(u, s.journal.Station()))
			}
			_, err := fmt.Fprintf(s.out, "  %-20s %-10s %s\n", u.Serial, u.State, plain(u.Reason))
			return err
		})
		if err != nil {
			return err
		}
	}
	if id != "" && shown == 0 {
		return fmt.Errorf("%w: the journal has no order %s", journal.ErrOrder, plain(id))
	}
	return nil
}

func (s *shower) order(ctx context.Context, o journal.OrderInfo) error {
	v := lineShowResult{
		Order: o.Name, SHA256: fmt.Sprintf("%x", o.Digest), Station: s.journal.Station(),
		Ordered: o.Wanted, Done: o.Done, Void: o.Void, Unfinished: o.Unfinished, Voids: []lineVoidResult{}, Exports: []lineExportEntry{},
	}
	voids, err := s.journal.Voids(ctx, o.Name)
	if err != nil {
		return err
	}
	for _, r := range voids {
		v.Voids = append(v.Voids, lineVoidResult{r.Reason, string(r.Bin), r.Count})
	}
	exports, err := s.journal.Exports(ctx, o.Name)
	if err != nil {
		return err
	}
	for _, e := range exports {
		entry := lineExportEntry{Digest: e.Digest, Through: e.Through, Exported: e.Made}
		if !e.Acknowledged.IsZero() {
			entry.Acknowledged = &e.Acknowledged
		}
		v.Exports = append(v.Exports, entry)
	}
	if s.json {
		return jsonLine(s.out, v)
	}
	fmt.Fprintf(s.out, "order %s at %s: %d of %d done, %d void, %d unfinished\n", plain(v.Order), plain(v.Station), v.Done, v.Ordered, v.Void, v.Unfinished)
	for _, r := range v.Voids {
		fmt.Fprintf(s.out, "  %d void: %s (bin %s)\n", r.Units, plain(r.Reason), plain(r.Bin))
	}
	for _, e := range v.Exports {
		state := "not acknowledged"
		if e.Acknowledged != nil {
			state = "acknowledged " + e.Acknowledged.Format(time.RFC3339)
		}
		fmt.Fprintf(s.out, "  export %s of %s: %d units, %s\n", e.Digest[:12], e.Exported.Format(time.RFC3339), e.Through, state)
	}
	return nil
}
