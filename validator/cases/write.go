// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"encoding/xml"
	"fmt"
	"io"
)

// Count returns how many results have an outcome.
func Count(results []Result, o Outcome) (n int) {
	for _, r := range results {
		if r.Outcome == o {
			n++
		}
	}
	return n
}

// Line returns a result as one line of a table: ID, outcome, level, requirement, and
// measurement.
func (r Result) Line() string {
	return fmt.Sprintf("%s %-4s %-6s %s: %s", r.ID, r.Outcome, r.Level, r.Requirement, r.Detail)
}

// Summary returns the number of results with each outcome, in words.
func Summary(results []Result) string {
	return fmt.Sprintf("%d cases: %d PASS, %d FAIL, %d N/A",
		len(results), Count(results, Pass), Count(results, Fail), Count(results, NotApplicable))
}

// The elements of JUnit's report that common tools read.
type (
	junitSuite struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string     `xml:"classname,attr"`
		Name    string     `xml:"name,attr"`
		Time    string     `xml:"time,attr"` // seconds
		Failure *junitText `xml:"failure"`
		Skipped *junitText `xml:"skipped"`
		Output  string     `xml:"system-out,omitempty"`
	}
	junitText struct {
		Message string `xml:"message,attr"`
	}
)

// WriteJUnit writes results as JUnit XML.
func WriteJUnit(w io.Writer, results []Result) error {
	s := junitSuite{
		Name: "validator cases", Tests: len(results), Failures: Count(results, Fail), Skipped: Count(results, NotApplicable),
	}
	for _, r := range results {
		c := junitCase{
			Class: string(r.Level) + " " + r.Source, Name: r.ID + " " + r.Requirement, Time: fmt.Sprintf("%.3f", float64(r.TookMS)/1000),
		}
		switch r.Outcome {
		case Fail:
			c.Failure = &junitText{r.Detail}
		case NotApplicable:
			c.Skipped = &junitText{r.Detail}
		default:
			c.Output = r.Detail
		}
		s.Cases = append(s.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(s); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
