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
		Class   string          `xml:"classname,attr"`
		Name    string          `xml:"name,attr"`
		Time    string          `xml:"time,attr"` // seconds
		More    []junitProperty `xml:"properties>property"`
		Failure *junitText      `xml:"failure"`
		Skipped *junitText      `xml:"skipped"`
		Output  string          `xml:"system-out,omitempty"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitText struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes a report as JUnit XML. Expected failures are skipped, and a case that is
// expected to fail and does not is a failure.
func JUnit(w io.Writer, r *conform.Report) error {
	s := junitSuite{Name: "fob conform: " + r.Target, Tests: len(r.Results)}
	for i := range r.Results {
		result := &r.Results[i]
		c := junitCase{
			Class: "fob.conform." + string(result.Level), Name: result.ID + " " + result.Requirement,
			Time: fmt.Sprintf("%.3f", float64(result.TookMS)/1000),
			More: []junitProperty{{"source", result.Source}},
		}
		note := expectation(result)
		if note != "" {
			c.More = append(c.More, junitProperty{"expected", result.Expected})
		}
		switch {
		case isExpected(result):
			c.Skipped = &junitText{Message: note + ": " + result.Detail}
		case isSurprise(result):
			c.Failure = &junitText{string(result.Outcome) + ", but " + note, result.Detail}
		case result.Outcome == conform.Fail:
			c.Failure = &junitText{result.Detail, result.Why + "\n\n" + strings.Join(shortened(result.Actions), "\n") + byHand(result) + "\n" + PageOf(result.ID)}
		case result.Outcome == conform.NotApplicable:
			c.Skipped = &junitText{Message: result.Detail}
		default:
			c.Output = result.Detail
		}
		if c.Failure != nil {
			s.Failures++
		}
		if c.Skipped != nil {
			s.Skipped++
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
