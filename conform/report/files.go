// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/seedset"
)

// filesPage is the page about the cases of seed files, beside the pages of other cases.
const filesPage = "seed-files.md"

// isFileCase reports whether an ID is of a case about a seed file.
func isFileCase(id string) bool { return strings.HasPrefix(id, "F") }

// duties describe the verdicts of package seedset.
var duties = map[seedset.Verdict]string{
	seedset.Import: "import the file",
	seedset.Refuse: "refuse the file",
	seedset.Either: "refuse the file, or import exactly its tokens",
}

// Files writes the page about the cases of seed files for the folder docs/conform.
func Files(w io.Writer, mistake func(id string) string) error {
	var b strings.Builder
	b.WriteString("# Seed files of the conformance cases\n\n")
	b.WriteString("[Conformance of an importer](../conform-import.md) shows how to get these files, and how to test a server with them.\n")
	cases := conform.ImportCases()
	for i, k := range seedset.Kinds() {
		c := &cases[i]
		fmt.Fprintf(&b, "\n## %s\n\n`%s`: %s\n\n%s\n\n", k.ID, k.Name, markdown(k.Requirement), markdown(k.Why))
		duty := duties[k.Verdict]
		if k.Enforced {
			duty += ", or then refuse the code alone"
		}
		fmt.Fprintf(&b, "| | |\n|---|---|\n| format | `%s` |\n| an importer must | %s |\n", k.Format, duty)
		fmt.Fprintf(&b, "| level | %s: %s |\n| source | %s |\n", c.Level, levels[c.Level], linked(k.Source))
		if m := mistake(k.ID); m != "" {
			fmt.Fprintf(&b, "| finds, for example | an importer that %s |\n", markdown(m))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
