// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/d204ef64/fob/conform"
)

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
		Text    string `xml:",chardata"`
	}
)

// JUnit writes a report as JUnit XML.
func JUnit(w io.Writer, r *conform.Report) error {
	s := junitSuite{Name: "fob conform: " + r.Target, Tests: len(r.Results), Failures: Count(r, conform.Fail), Skipped: Count(r, conform.NotApplicable)}
	for i := range r.Results {
		result := &r.Results[i]
		c := junitCase{
			Class: string(result.Level) + " " + result.Source, Name: result.ID + " " + result.Requirement,
			Time: fmt.Sprintf("%.3f", float64(result.TookMS)/1000),
		}
		switch result.Outcome {
		case conform.Fail:
			c.Failure = &junitText{result.Detail, result.Why + "\n\n" + strings.Join(shortened(result.Actions), "\n") + byHand(result) + "\n" + PageOf(result.ID)}
		case conform.NotApplicable:
			c.Skipped = &junitText{Message: result.Detail}
		default:
			c.Output = result.Detail
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
