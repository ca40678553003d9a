// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/line/audit"
	"github.com/d204ef64/fob/line/journal"
)

func newLineAuditCmd(a *app) *cobra.Command {
	var jf journalFlag
	var ledger databaseFlags
	var o audit.Options
	cmd := &cobra.Command{
		Use:   "audit [--export DIR]... [--labels DIR]...",
		Short: "Prove that a station worked as it should",
		Long: `Prove from a journal, its exports and its labels alone: no serial number was
used twice, and each one that was allocated is done, void or unfinished; no
record was changed, and the signatures fit; no seed is left after an
acknowledgement; each export agrees with its manifest and the journal; each
label belongs to a unit that was locked before.

With --db, prove it for all stations of a shared ledger, from the copies of
their records: no serial number, device or seed was used twice at any stations,
and each number that was handed out is used, left at a station, or given back.

It needs no key. The exit code is 1 if there is a fault, and each is named.`,
		Example: `  fob line audit --journal line.db --export delivery --labels labels
  fob line audit --db postgres://line@db/line`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if ledger.given() {
				return a.readLedger(cmd.Context(), &ledger, func(l *journal.SharedLedger) error {
					r, err := audit.RunShared(cmd.Context(), l)
					if err != nil {
						return err
					}
					return a.sharedAuditReport(r)
				})
			}
			return jf.read(cmd.Context(), func(j *journal.Journal, path string) error {
				o.Database = path
				r, err := audit.Run(cmd.Context(), j, o)
				if err != nil {
					return err
				}
				return a.lineAuditReport(r)
			})
		},
	}
	jf.add(cmd)
	ledger.add(cmd.Flags(), "audit the shared ledger `DB`: postgres://USER@HOST/NAME")
	cmd.Flags().StringArrayVar(&o.Exports, "export", nil, "also check the export in the folder `DIR`; repeatable")
	cmd.Flags().StringArrayVar(&o.Labels, "labels", nil, "also check the labels in the folder `DIR`; repeatable")
	for _, own := range []string{"journal", "export", "labels"} {
		cmd.MarkFlagsMutuallyExclusive(own, "db", "db-file")
	}
	return cmd
}

// lineAuditResult is the result of fob line audit.
type lineAuditResult struct {
	Station string             `json:"station"`
	Signer  string             `json:"fingerprint"`
	Records int64              `json:"records"`
	Orders  []lineAuditAccount `json:"orders"`
	Faults  []string           `json:"faults"`
	Notes   []string           `json:"notes"`
}

// lineAuditAccount is the account of an order.
type lineAuditAccount struct {
	Order      string `json:"order"`
	Allocated  int64  `json:"allocated"`
	Done       int64  `json:"done_units"`
	Void       int64  `json:"void"`
	Unfinished int64  `json:"unfinished"`
	Seeds      int64  `json:"seeds_left"`
	Labels     int64  `json:"labels"`
	Unused     int64  `json:"unused_serials"`
	Returned   int64  `json:"returned_serials"`
}

// lineAuditReport prints the report of an audit. Every fault is a failed check.
func (a *app) lineAuditReport(r audit.Report) error {
	v := lineAuditResult{r.Station, r.Signer, r.Records, []lineAuditAccount{}, append([]string{}, r.Faults...), append([]string{}, r.Notes...)}
	var t strings.Builder
	fmt.Fprintf(&t, "station %s, key %s: %d records\n", plain(r.Station), r.Signer, r.Records)
	for _, o := range r.Orders {
		v.Orders = append(v.Orders, lineAuditAccount{o.Name, o.Allocated, o.Done, o.Void, o.Unfinished, o.Seeds, o.Labels, o.Unused, o.Returned})
		fmt.Fprintf(&t, "order %s: %d serial numbers allocated: %d done, %d void, %d unfinished; %d labels printed; %d encrypted seeds left\n",
			plain(o.Name), o.Allocated, o.Done, o.Void, o.Unfinished, o.Labels, o.Seeds)
		if o.Returned > 0 {
			fmt.Fprintf(&t, "  %d serial numbers were given back\n", o.Returned)
		}
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&t, "note: %s\n", plain(note))
	}
	if len(r.Faults) == 0 {
		t.WriteString("no faults\n")
	}
	err := a.print(v, t.String())
	for _, fault := range r.Faults {
		err = errors.Join(err, errclass.With(errclass.Failed, fmt.Errorf("audit: %s", fault)))
	}
	return err
}
