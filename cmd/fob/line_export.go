// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/line/export"
	"github.com/d204ef64/fob/line/journal"
)

func newLineExportCmd(a *app) *cobra.Command {
	var jf journalFlag
	var ledger databaseFlags
	var o export.Options
	var font string
	cmd := &cobra.Command{
		Use:   "export --out DIR [--order ID]",
		Short: "Write the delivery of an order",
		Long: `Write the delivery of an order into the new folder DIR: the encrypted seeds of
all units that are done as PSKC files, the production certificate, the
measurements of each unit, and a signed manifest with the digests of all files.
README.txt in it tells the customer how to use them. The folder appears complete
or not at all, and the journal records the export.

Only the recipients in the order can decrypt the seeds; they convert them to
other formats with fob seeds convert. While no further unit is done, another
export has the same bytes. See also fob line ack.

If several stations share the order, each exports its own units. --db names the
ledger, which must be there: nothing is written if another station has a unit
with the same serial number, seed or device as one of these, and the ledger got
that one first. The error names the units.`,
		Example: `  fob line export --journal line.db --order ORD-2026-0001 --out delivery
  fob line export --journal line.db --db postgres://line@db/line --out delivery`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			ctx := cmd.Context()
			if font != "" {
				if o.Font, err = os.ReadFile(font); err != nil {
					return usagef("reading the font: %w", err)
				}
			}
			write := func(j *journal.Journal) error {
				if o.Order, err = onlyOrder(ctx, j, o.Order); err != nil {
					return err
				}
				r, err := export.Write(ctx, j, o)
				if err != nil {
					return adviseFont(err, "--font")
				}
				return a.print(exportResultOf(o.Dir, r), exportText(o.Dir, r))
			}
			if !ledger.given() {
				return jf.write(ctx, write)
			}
			name, err := ledger.name(ctx, a)
			if err != nil {
				return err
			}
			return a.shareJournal(ctx, &jf, name, write)
		},
	}
	jf.add(cmd)
	f := cmd.Flags()
	ledger.add(f, "the shared ledger `DB` of the order: postgres://USER@HOST/NAME")
	f.StringVar(&o.Order, "order", "", "`ID` of the order; default: the only order of the journal")
	f.StringVar(&o.Dir, "out", "", "write to the new folder `DIR`, readable only by you")
	f.StringVar(&font, "font", "", "TrueType `FILE` for a certificate with text that Helvetica lacks, such as Japanese")
	cmd.MarkFlagRequired("out")
	return cmd
}

// exportResult is the result of fob line export.
type exportResult struct {
	Order    string `json:"order"`
	Folder   string `json:"folder"`
	Digest   string `json:"digest"`
	Units    int64  `json:"units"`
	After    int64  `json:"after"`
	Ordered  int64  `json:"ordered"`
	Void     int64  `json:"void"`
	Complete bool   `json:"complete"`
	Repeated bool   `json:"repeated"`
	Present  bool   `json:"present"`
}

func exportResultOf(dir string, r export.Result) exportResult {
	m := &r.Manifest
	return exportResult{m.Order, dir, r.Digest, m.Units(), m.After, m.Ordered, m.Void, m.Complete, r.Repeated, r.Present}
}

func exportText(dir string, r export.Result) string {
	m := &r.Manifest
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d tokens of order %s", plain(dir), m.Units(), plain(m.Order))
	if m.After > 0 {
		fmt.Fprintf(&b, " after the first %d", m.After)
	}
	if !m.Complete {
		fmt.Fprintf(&b, "; station %s has done %d of %d", plain(m.Station), m.Through, m.Ordered)
	}
	fmt.Fprintf(&b, "\nexport %s\n", r.Digest)
	switch {
	case r.Present:
		b.WriteString("the folder had it already: nothing was written\n")
	case r.Repeated:
		b.WriteString("no unit was finished since the export before: the bytes are the same\n")
	}
	return b.String()
}

func newLineAckCmd(a *app) *cobra.Command {
	var jf journalFlag
	var which string
	var yes bool
	cmd := &cobra.Command{
		Use:   "ack --export DIR|DIGEST",
		Short: "Delete the seeds that the customer has received",
		Long: `Record that the recipients have an export, and delete the encrypted seeds of its
units from the journal. They cannot be delivered again: wait until the customer
has imported them. DIGEST is the SHA-256 of the manifest, which the customer
reports.

On a terminal it asks first; elsewhere --yes is needed. The bytes of the deleted
seeds are overwritten in the files of the database.`,
		Example: `  fob line ack --journal line.db --export delivery --yes`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			digest, err := exportDigest(which)
			if err != nil {
				return err
			}
			return jf.write(ctx, func(j *journal.Journal) error {
				e, err := findExport(ctx, j, digest)
				if err != nil {
					return err
				}
				question := fmt.Sprintf("Delete the seeds of the first %d tokens of order %s? They cannot be delivered again.", e.Through, e.Order)
				if !yes && e.Acknowledged.IsZero() {
					if err := a.confirm(ctx, question); err != nil {
						return err
					}
				}
				deleted, err := j.Acknowledge(ctx, e.Order, e.Digest)
				if err != nil {
					return err
				}
				if err := j.Purge(ctx); err != nil {
					return fmt.Errorf("the seeds are deleted, but their bytes may still be in the files: %w: run this again", err)
				}
				station, recipients, err := j.SeedsLeft(ctx, e.Order)
				if err != nil {
					return err
				}
				return a.print(ackResult{e.Order, e.Digest, deleted, station + recipients},
					fmt.Sprintf("order %s: %d encrypted seeds deleted, %d left\n", plain(e.Order), deleted, station+recipients))
			})
		},
	}
	jf.add(cmd)
	cmd.Flags().StringVar(&which, "export", "", "folder of the export, or its `DIGEST`")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.MarkFlagRequired("export")
	return cmd
}

// ackResult is the result of fob line ack.
type ackResult struct {
	Order   string `json:"order"`
	Digest  string `json:"digest"`
	Deleted int64  `json:"deleted_seeds"`
	Left    int64  `json:"seeds_left"`
}

// exportDigest returns the digest of an export that is named by its folder or by its
// digest.
func exportDigest(which string) (string, error) {
	_, digest, err := export.Read(which)
	if errors.Is(err, fs.ErrNotExist) && len(which) == 64 && strings.Trim(strings.ToLower(which), "0123456789abcdef") == "" {
		return strings.ToLower(which), nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", usagef("--export: %s is neither the folder of an export nor the SHA-256 of its manifest", which)
	}
	return digest, err
}

// findExport returns the export with a digest.
func findExport(ctx context.Context, j *journal.Journal, digest string) (journal.Export, error) {
	orders, err := j.Orders(ctx)
	if err != nil {
		return journal.Export{}, err
	}
	for _, o := range orders {
		list, err := j.Exports(ctx, o.Name)
		if err != nil {
			return journal.Export{}, err
		}
		for _, e := range list {
			if e.Digest == digest {
				return e, nil
			}
		}
	}
	return journal.Export{}, fmt.Errorf("%w: the journal has none with the digest %s", journal.ErrExport, digest)
}
