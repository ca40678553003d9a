// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"
)

// junitSuite is a test suite in the form that Jenkins and GitLab read.
type junitSuite struct {
	XMLName   xml.Name    `xml:"testsuite"`
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr,omitempty"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	File      string        `xml:"file,attr"`
	Time      string        `xml:"time,attr"`
	Failure   *junitFailure `xml:"failure,omitempty"`
	Error     *junitFailure `xml:"error,omitempty"`
	Output    string        `xml:"system-out"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes results as JUnit XML, which Jenkins and GitLab read. Each scenario
// is a test case.
func WriteJUnit(w io.Writer, results []*Result) error {
	suite := junitSuite{Name: "fob scenario", Tests: len(results)}
	total := time.Duration(0)
	for i, r := range results {
		total += r.Took
		if i == 0 {
			suite.Timestamp = r.Begun.UTC().Format("2006-01-02T15:04:05")
		}
		base := filepath.Base(r.Scenario.File)
		c := junitCase{
			Name: r.Scenario.Title(), ClassName: "scenario." + strings.TrimSuffix(base, filepath.Ext(base)),
			File: filepath.ToSlash(r.Scenario.File), Time: seconds(r.Took),
			Output: fmt.Sprintf("%d of %d steps, world seed %d", r.Steps, r.Scenario.Len(), r.WorldSeed),
		}
		if r.Err != nil {
			text := valid(r.Err.Error())
			first, _, _ := strings.Cut(text, "\n")
			f := &junitFailure{Message: first, Type: "error", Text: text}
			var failure *Failure
			if errors.As(r.Err, &failure) {
				f.Type = failure.Step
				c.Failure = f
				suite.Failures++
			} else {
				c.Error = f
				suite.Errors++
			}
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Time = seconds(total)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	type suites struct {
		XMLName xml.Name `xml:"testsuites"`
		Suite   junitSuite
	}
	if err := enc.Encode(suites{Suite: suite}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// Title returns the name of the scenario, or the name of its file if it has none.
func (s *Scenario) Title() string {
	if s.Name != "" {
		return s.Name
	}
	return filepath.Base(s.File)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// valid replaces characters that XML does not allow.
func valid(text string) string {
	return strings.Map(func(c rune) rune {
		if c == utf8.RuneError || c < ' ' && c != '\n' && c != '\t' {
			return '\uFFFD'
		}
		return c
	}, text)
}
