// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/conform/seedset"
)

func newConformImportCmd(a *app) *cobra.Command {
	o := conformOptions{imports: true}
	var out string
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Find the mistakes of a server that imports seed files",
		Long: `Try seed files on an importer: PSKC (RFC 6030), plain and encrypted, and the
CSV files of common servers, correct ones and wrong ones. An importer must
import the tokens of a correct file as it describes them, and nothing of a wrong
one.

--out writes the files into a new folder, with a page and a manifest that tell
the required result of each, to try them by hand.

--target imports each file through the target's verb import_file, and checks the
tokens by codes and by the verb status (docs/conform-import.md). A file in a
format that the target does not list is N/A. Use a test system.

The files depend only on --seed. A run with the same seed uses the same texts.`,
		Example: `  fob conform import --out files --seed 7
  fob conform import --target bank.yaml --junit import.xml
  fob conform import --target bank.yaml --only F29,F31 --seed 7
  fob conform import --list
  fob conform import --explain F29`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.given = cmd.Flags().Changed
			switch {
			case o.list:
				return a.listConform(&o)
			case o.explain != "":
				return a.explainCase(&o)
			case out != "":
				return a.writeSeedSet(out, &o)
			}
			return a.conform(cmd.Context(), &o)
		},
	}
	o.addFlags(cmd)
	cmd.Flags().StringVar(&out, "out", "", "write the files into the new `FOLDER`, without a run")
	cmd.MarkFlagsOneRequired("target", "list", "explain", "out")
	cmd.MarkFlagsMutuallyExclusive("target", "list", "explain", "out")
	for _, run := range []string{"junit", "sarif", "html", "expect", "url", "db", "db-file"} {
		cmd.MarkFlagsMutuallyExclusive("out", run)
	}
	return cmd
}

// seedSetResult is a file in the output of fob conform import --out.
type seedSetResult struct {
	File    string `json:"seed_file"`
	Verdict string `json:"importer_must"`
}

// writeSeedSet writes the files of the set into a new folder.
func (a *app) writeSeedSet(dir string, o *conformOptions) error {
	seed := o.runSeed()
	selected, err := o.cases()
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, c := range selected {
		wanted[c.ID] = true
	}
	var files []seedset.File
	for _, f := range seedset.Files(seed) {
		if wanted[f.ID] {
			files = append(files, f)
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		if os.IsExist(err) {
			return usagef("writing %s: it exists: name another folder, or move that one away", dir)
		}
		return writing(dir, err)
	}
	if err := writing(dir, os.Mkdir(filepath.Join(dir, seedset.Correct), 0o700)); err != nil {
		return err
	}
	write := func(name string, text []byte, mode fs.FileMode) error {
		return writeNew(filepath.Join(dir, name), text, mode)
	}
	for i := range files {
		f := &files[i]
		if err := f.Write(write); err != nil {
			return err
		}
		if err := a.print(seedSetResult{f.Name, string(f.Verdict)}, fmt.Sprintf("%-6s %s\n", f.Verdict, f.Name)); err != nil {
			return err
		}
	}
	manifest, err := seedset.Manifest(seed, files)
	if err != nil {
		return err
	}
	if err := write("manifest.json", manifest, 0o600); err != nil {
		return err
	}
	return write("README.md", []byte(seedset.Page(seed, files)), 0o644)
}
