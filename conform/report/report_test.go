// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/report"
)

func sample() *conform.Report {
	return &conform.Report{Target: "bank <1>", Version: "2.0", Date: time.Date(2026, 11, 30, 1, 2, 3, 0, time.UTC), Seed: 7, Results: []conform.Result{
		{ID: "C01", Requirement: "a < b", Level: conform.Must, Source: "RFC 6238", Outcome: conform.Pass, Detail: "good"},
		{ID: "C07", Requirement: "c", Level: conform.Should, Source: "RFC 6238 §5.2", Outcome: conform.Fail, Detail: `"bad" & ugly`,
			Why: strings.Repeat("It harms users. ", 10), Actions: slicesOf("import ", 20)},
		{ID: "C11", Requirement: "d", Level: conform.Must, Outcome: conform.Fail, Detail: "accepted", Why: "Why.", Actions: []string{"one", "two"}, ByHand: []string{"CODE=$(fob code --seed-file x.seed)", "check u $CODE"}},
		{ID: "C12", Requirement: "e", Level: conform.Must, Outcome: conform.NotApplicable, Detail: "needs 3m0s of waiting", LeftOut: true},
	}}
}

func slicesOf(text string, n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprint(text, i), "again", "again")
	}
	return list
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, report.Text(&b, sample()))
	text := b.String()
	require.Less(t, strings.Index(text, "C11 FAIL"), strings.Index(text, "C07 FAIL"), "MUST comes first")
	require.Less(t, strings.Index(text, "C07 FAIL"), strings.Index(text, "C01 PASS"), "failures come first")
	require.Contains(t, text, "C11 FAIL MUST   d: accepted\n    Why.\n")
	require.Contains(t, text, "--only C11 --seed 7\n      one\n      two\n")
	require.Contains(t, text, "    By hand, in a shell in the folder of the target file:\n      CODE=$(fob code --seed-file x.seed)\n      check u $CODE\n\n")
	require.Contains(t, text, "      again (2 times)\n")
	require.Contains(t, text, "… 24 more actions …")
	require.Contains(t, text, "bank <1>: 4 cases: 1 PASS, 2 FAIL (1 MUST), 1 N/A; --seed 7\n")
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "    It") {
			require.LessOrEqual(t, len(line), 79)
		}
	}
}

// TestSharedHand: commands that all failed cases share are shown once, and the functions of
// all cases are among them.
func TestSharedHand(t *testing.T) {
	sharing := func() *conform.Report {
		r := sample()
		r.Results[1].ByHand = []string{"DIR=x", "check() {", "  curl", "}", "check 1", "rm x"}
		r.Results[2].ByHand = []string{"DIR=x", "check() {", "  curl", "}", "lock() {", "  curl", "}", "lock 2", "rm x"}
		r.Results[1].HandBegin, r.Results[2].HandBegin = 4, 7
		r.Results[1].HandEnd, r.Results[2].HandEnd = 1, 1
		return r
	}
	texts := func(r *conform.Report) (text, page, junit string) {
		var b [3]bytes.Buffer
		require.NoError(t, report.Text(&b[0], r))
		require.NoError(t, report.HTML(&b[1], []*conform.Report{r}))
		require.NoError(t, report.JUnit(&b[2], r))
		return b[0].String(), html.UnescapeString(b[1].String()), b[2].String()
	}
	text, page, junit := texts(sharing())
	require.True(t, strings.HasPrefix(text, "By hand, in a shell in the folder of the target file. First paste this, once:\n"+
		"  DIR=x\n  check() {\n    curl\n  }\n  lock() {\n    curl\n  }\n\nC11 FAIL"), text)
	require.Contains(t, text, "    By hand, after the commands at the top:\n      lock 2\n\nC07")
	require.Contains(t, text, "\nBy hand, at the end of all:\n  rm x\n\n")
	require.Contains(t, page, "<pre tabindex=\"0\">DIR=x\ncheck() {\n  curl\n}\nlock() {\n  curl\n}\n</pre>\n<h3>By hand, at the end of all</h3>\n<pre tabindex=\"0\">rm x\n</pre>")
	require.Contains(t, page, "<h3>By hand, after the commands at the top</h3>\n<pre tabindex=\"0\">check 1\n</pre>")
	require.Equal(t, 2, strings.Count(junit, "DIR=x"), "each failure is shown alone")
	for name, change := range map[string]func(r *conform.Report){
		"another beginning": func(r *conform.Report) { r.Results[1].ByHand[0] = "DIR=y" },
		"another function":  func(r *conform.Report) { r.Results[1].ByHand[2] = "  wget" },
		"another end":       func(r *conform.Report) { r.Results[1].ByHand[5] = "rm y" },
		"one failure":       func(r *conform.Report) { r.Results[1].Outcome = conform.Pass },
	} {
		r := sharing()
		change(r)
		text, page, _ := texts(r)
		require.NotContains(t, text+page, "at the top", name)
		require.Contains(t, text, "    By hand, in a shell in the folder of the target file:\n      DIR=x\n", name)
		require.Contains(t, page, "<pre tabindex=\"0\">DIR=x\ncheck() {\n  curl\n}\nlock", name)
	}
}

func TestJUnit(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, report.JUnit(&b, sample()))
	var suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
		Cases    []struct {
			Name    string `xml:"name,attr"`
			Failure struct {
				Message string `xml:"message,attr"`
			} `xml:"failure"`
		} `xml:"testcase"`
	}
	require.NoError(t, xml.Unmarshal(b.Bytes(), &suite))
	require.Equal(t, []int{4, 2, 1}, []int{suite.Tests, suite.Failures, suite.Skipped})
	require.Equal(t, "C01 a < b", suite.Cases[0].Name)
	require.Equal(t, `"bad" & ugly`, suite.Cases[1].Failure.Message)
}

// expecting returns the sample with C11 as an expected failure, C07 as one of some runs, and
// C01 and C12 as cases that are expected to fail and do not. C12 was left out.
func expecting(t *testing.T) *conform.Report {
	e, err := report.ParseExpected([]byte("target: bank\nfails: {C11: issue 5, C01: \"\", C12: x}\nsometimes: {C07: a race}\n"))
	require.NoError(t, err)
	r := sample()
	e.Mark(r)
	return r
}

func TestExpectedText(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, report.Text(&b, expecting(t)))
	require.Contains(t, b.String(), "d: accepted\n    It is expected to fail: issue 5.\n")
	require.Contains(t, b.String(), "    It is expected to fail in some runs: a race.\n")
	require.Contains(t, b.String(), "a < b: good\n    It is expected to fail: without a reason.\n")
	require.Equal(t, 3, strings.Count(b.String(), "It is expected"))
	require.Contains(t, b.String(), "2 FAIL (1 MUST; 2 expected)")
	b.Reset()
	require.NoError(t, report.HTML(&b, []*conform.Report{expecting(t)}))
	require.Contains(t, b.String(), `<span class="expected">expected to fail: issue 5</span>`)
	require.Contains(t, b.String(), `<details class="case pass" open>`, "a surprise is open")
	require.Contains(t, b.String(), "(1 MUST; 2 expected)")
}

// TestExpectedJUnit: an expected failure is skipped, and an unexpected pass fails.
func TestExpectedJUnit(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, report.JUnit(&b, expecting(t)))
	text := b.String()
	require.Contains(t, text, `tests="4" failures="1" skipped="3"`)
	require.Contains(t, text, `<skipped message="expected to fail: issue 5: accepted">`)
	require.Contains(t, text, `<property name="expected" value="issue 5">`)
	require.Contains(t, text, `<failure message="PASS, but expected to fail: without a reason">`)
	require.NotContains(t, text, `classname="fob.conform.MUST.`)
	for _, class := range regexp.MustCompile(`classname="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		require.Regexp(t, `^fob\.conform\.(MUST|SHOULD)$`, class[1])
	}
}

// TestExpectedSARIF: an expected failure is suppressed, and every other result has an empty list of
// suppressions.
func TestExpectedSARIF(t *testing.T) {
	type suppression struct{ Kind, Status, Justification string }
	suppressions := func(r *conform.Report) map[string][]suppression {
		var b bytes.Buffer
		require.NoError(t, report.SARIF(&b, r, "x.yaml", "v1"))
		var log struct {
			Runs []struct {
				Results []struct {
					RuleID       string
					Suppressions []suppression
				}
			}
		}
		require.NoError(t, json.Unmarshal(b.Bytes(), &log))
		all := map[string][]suppression{}
		for _, r := range log.Runs[0].Results {
			all[r.RuleID] = r.Suppressions
		}
		return all
	}
	require.Equal(t, map[string][]suppression{
		"C01": {}, "C07": {{"external", "accepted", "a race"}}, "C11": {{"external", "accepted", "issue 5"}}, "C12": {},
	}, suppressions(expecting(t)))
	require.Equal(t, map[string][]suppression{"C01": nil, "C07": nil, "C11": nil, "C12": nil}, suppressions(sample()))
}

// TestSARIFFile: a location is a URI (RFC 3986), or the name of a target without a file.
func TestSARIFFile(t *testing.T) {
	for file, want := range map[string]string{
		"./our bank.yaml": `"physicalLocation":{"artifactLocation":{"uri":"our%20bank.yaml"},"region":{"startLine":1}}`,
		"a:b.yaml":        `"uri":"./a:b.yaml"`,
		"/srv/bank.yaml":  `"uri":"file:///srv/bank.yaml"`,
		"":                `"locations":[{"logicalLocations":[{"name":"bank <1>"}]}]`,
	} {
		var b, short bytes.Buffer
		require.NoError(t, report.SARIF(&b, sample(), file, "v1.2.3"))
		require.NoError(t, json.Compact(&short, b.Bytes()))
		require.Contains(t, short.String(), want)
		require.Contains(t, short.String(), `"version":"v1.2.3"`)
	}
}

// TestOrder: failures are in the order MUST, BANK, SHOULD, and expected ones come last.
func TestOrder(t *testing.T) {
	r := &conform.Report{Target: "x"}
	for i, level := range []conform.Level{conform.Should, conform.Bank, conform.Must, conform.Must} {
		r.Results = append(r.Results, conform.Result{ID: fmt.Sprintf("C0%d", i+1), Requirement: "r", Level: level, Outcome: conform.Fail})
	}
	r.Results[2].Expected = "known"
	for _, write := range []func(*bytes.Buffer) error{
		func(b *bytes.Buffer) error { return report.Text(b, r) },
		func(b *bytes.Buffer) error { return report.HTML(b, []*conform.Report{r}) },
		func(b *bytes.Buffer) error { return report.HTML(b, []*conform.Report{r, r}) },
	} {
		var b bytes.Buffer
		require.NoError(t, write(&b))
		var order []string
		for _, m := range regexp.MustCompile(`(?:^|\n)(C\d\d) FAIL|<b>(C\d\d)</b>`).FindAllStringSubmatch(b.String(), -1) {
			order = append(order, m[1]+m[2])
		}
		require.Equal(t, []string{"C04", "C02", "C01", "C03"}, order[:4])
	}
}

func TestExpected(t *testing.T) {
	for _, c := range []struct{ fails, want string }{
		{"{C07: window, C11: none}", ""},
		{"{C07: window}", "C11 fails, and is expected not to: accepted"},
		{"{C07: window, C11: none, C01: steps}", "C01 is PASS, and is expected to fail (steps): good"},
		{"{C07: window, C11: none, C12: left out}", ""},
		{"{C07: window}\nsometimes: {C11: race, C01: race}", ""},
	} {
		e, err := report.ParseExpected([]byte("target: bank 1\nfails: " + c.fails + "\n"))
		require.NoError(t, err)
		require.Equal(t, c.want, strings.Join(e.Differences(sample()), "\n"))
	}
	for name, good := range map[string]bool{"bank": true, "bank 1": true, "ban": false, "Bank": false, "bank 1.0": false, "other": false} {
		e := report.Expected{Target: "bank 1"}
		if good {
			require.NoError(t, e.For(name))
		} else {
			require.ErrorIs(t, e.For(name), report.ErrExpected, name)
		}
	}
	for _, wrong := range []string{
		"fail: {}", "target: x\nfails: {C99: y}", "fails: [C01]", "", "# nothing\n", "fails: {C01: y}", "target: ' '\nfails: {C01: y}",
		"target: x\nfails: {C01: y}\nsometimes: {C01: z}",
	} {
		_, err := report.ParseExpected([]byte(wrong))
		require.ErrorIs(t, err, report.ErrExpected, wrong)
	}
}

// TestSARIF checks the constraints of SARIF 2.1.0 that code scanners rely on.
func TestSARIF(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, report.SARIF(&b, sample(), "targets/bank.yaml", "v1"))
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct{ ID, HelpURI string }
				}
			}
			Results []struct {
				RuleID      string
				RuleIndex   int
				Kind, Level string
				Message     struct{ Text string }
				Locations   []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(b.Bytes(), &log))
	require.Equal(t, "2.1.0", log.Version)
	require.Len(t, log.Runs, 1)
	require.NotEmpty(t, log.Runs[0].Tool.Driver.Name)
	got := map[string]string{}
	for _, r := range log.Runs[0].Results {
		require.Equal(t, r.RuleID, log.Runs[0].Tool.Driver.Rules[r.RuleIndex].ID)
		require.NotEmpty(t, r.Message.Text)
		page := log.Runs[0].Tool.Driver.Rules[r.RuleIndex].HelpURI
		require.FileExists(t, "../../"+strings.TrimPrefix(page, report.Repository))
		require.Equal(t, "targets/bank.yaml", r.Locations[0].PhysicalLocation.ArtifactLocation.URI)
		require.Equal(t, 1, r.Locations[0].PhysicalLocation.Region.StartLine)
		got[r.RuleID] = r.Kind + " " + r.Level
	}
	require.Equal(t, map[string]string{"C01": "pass none", "C07": "fail warning", "C11": "fail error", "C12": "notApplicable none"}, got)
}

// current returns a sample with the requirements of this version.
func current() *conform.Report {
	r := sample()
	for i := range r.Results {
		for _, c := range conform.All() {
			if c.ID == r.Results[i].ID {
				r.Results[i].Requirement, r.Results[i].Level = c.Requirement, c.Level
			}
		}
	}
	return r
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, report.JSON(&b, current()))
	text := b.String()
	got, err := report.Read(&b)
	require.NoError(t, err)
	require.Equal(t, current(), got)
	for _, wrong := range []string{"", "{}", "x", "3", `{"id":"C01"}`} {
		_, err := report.Read(strings.NewReader(wrong))
		require.ErrorIs(t, err, report.ErrReport, wrong)
	}
	for _, c := range []struct{ old, new, want string }{
		{`"outcome":"PASS"`, `"outcome":"pass"`, `line 1: outcome "pass" of case C01: want PASS, FAIL or N/A`},
		{`"outcome":"PASS"`, `"outcome":"<b>evil|x"`, `line 1: outcome "<b>evil|x" of case C01: want`},
		{`"outcome":"PASS",`, ``, `line 1: outcome "" of case C01: want`},
		{`"id":"C07"`, `"id":"C01"`, "line 2: case C01 occurs twice"},
		{`"id":"C07"`, `"id":"C99"`, `line 2: there is no case "C99"`},
		{`"level":"SHOULD"`, `"level":"MUST"`, "line 2: case C07 has another requirement in this version of fob"},
		{`the window allows`, `a window allows`, "line 2: case C07 has another requirement in this version of fob"},
		{"\n{\"server\"", "\n{}\n{\"server\"", "line 5: it has neither a case nor the totals of a run"},
		{`"cases_passed":1`, `"cases_passed":2`, "line 5: the totals are 2 PASS, 2 FAIL and 1 N/A, and the lines before have 1, 2 and 1"},
		{text, text + text, "line 6: the run has ended in a line before: a file has one run"},
		{`"cases_passed":1`, `"cases_passed":"x"`, "line 5: json:"},
	} {
		require.Contains(t, text, c.old)
		_, err := report.Read(strings.NewReader(strings.Replace(text, c.old, c.new, 1)))
		require.ErrorIs(t, err, report.ErrReport, c.new)
		require.ErrorContains(t, err, c.want)
	}
}

// TestHostileText: the name of a target and its answers are not markup, and control characters
// are not in the output.
func TestHostileText(t *testing.T) {
	r := sample()
	r.Target = "<script>alert(1)</script> [x](http://example.org) *b* _i_ `c` \\| ~~s~~ \x1b[31m\u202e"
	r.Results[1].Detail = "\x1b]0;x\a\x00\u009b\u2066"
	var b bytes.Buffer
	require.NoError(t, report.Markdown(&b, []*conform.Report{r}))
	require.Contains(t, b.String(), "| &lt;script>alert(1)&lt;/script> \\[x\\](http://example.org) \\*b\\* \\_i\\_ \\`c\\` \\\\\\| \\~\\~s\\~\\~ \ufffd\\[31m\ufffd |\n")
	require.NoError(t, report.HTML(&b, []*conform.Report{r}))
	require.NotRegexp(t, "[\x00-\x08\x0b-\x1f\x7f\u0080-\u009f\u202e\u2066]", b.String())
	require.NotContains(t, b.String(), "<script")
}

func TestComparison(t *testing.T) {
	other := sample()
	other.Target, other.Results = "other|", other.Results[:2]
	var b bytes.Buffer
	require.NoError(t, report.Markdown(&b, []*conform.Report{sample(), other}))
	require.Contains(t, b.String(), "| bank &lt;1> | other\\| |\n|---|---|---|---|---|\n| C01 |")
	require.Regexp(t, `\| C11 \| MUST \| [^|]* \| \*\*FAIL\*\* \|  \|\n`, b.String())
	b.Reset()
	require.NoError(t, report.HTML(&b, []*conform.Report{sample(), other}))
	text := b.String()
	require.Contains(t, text, `title="&#34;bad&#34; &amp; ugly"><span class="mark fail" aria-hidden="true"></span>FAIL</td>`)
	require.Contains(t, text, "check u $CODE")
	require.NotContains(t, text, "<input")
	require.Equal(t, 2+1, strings.Count(text, `<details class="case fail" open>`), "failed cases are open")
	for _, sign := range []string{"<script", " src=", "url(", "@import", " style=", "<link"} {
		require.NotContains(t, regexp.MustCompile(`(?s)<style>.*</style>`).ReplaceAllString(text, ""), sign, "the page is self-contained")
	}
	require.NotRegexp(t, `<[^>]*\son[a-z]+=`, text)
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(text)[1]
	require.NotRegexp(t, `url\(|@import`, style)
	sum := sha256.Sum256([]byte(style))
	require.Contains(t, html.UnescapeString(text), "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
}

// TestHeadings: columns that would have the same heading get as many details as they need
// to differ.
func TestHeadings(t *testing.T) {
	day := time.Date(2026, 11, 30, 1, 2, 3, 0, time.UTC)
	of := func(name, version string, date time.Time, file string) *conform.Report {
		return &conform.Report{Target: name, Version: version, Date: date, File: file, Results: []conform.Result{{ID: "C01", Outcome: conform.Pass}}}
	}
	for _, c := range []struct {
		reports []*conform.Report
		want    string
	}{
		{[]*conform.Report{of("a", "1", day, ""), of("b", "1", day, "")}, "a | b"},
		{[]*conform.Report{of("a", "1", day, ""), of("a", "2", day, ""), of("b", "1", day, "")}, "a 1 | a 2 | b"},
		{[]*conform.Report{of("a", "", day, ""), of("a", "", day.AddDate(0, 0, 1), "")}, "a 2026-11-30 | a 2026-12-01"},
		{[]*conform.Report{of("a", "", day, ""), of("a", "", day.Add(time.Second), "")}, "a 01:02:03 | a 01:02:04"},
		{[]*conform.Report{of("a", "", day, "x.json"), of("a", "", day, "y.json")}, "a x.json | a y.json"},
		{[]*conform.Report{of("a", "", day, "x.json"), of("a", "", day, "x.json")}, "a (1) | a (2)"},
	} {
		var table, page, picture bytes.Buffer
		require.NoError(t, report.Markdown(&table, c.reports))
		require.Contains(t, table.String(), "| requirement | "+c.want+" |\n")
		require.NoError(t, report.HTML(&page, c.reports))
		var columns []string
		for _, m := range regexp.MustCompile(`<th scope="col">([^<]*)</th>`).FindAllStringSubmatch(page.String(), -1)[2:] {
			require.NotContains(t, columns, m[1])
			columns = append(columns, m[1])
			require.Contains(t, page.String(), "<h2>"+m[1]+"</h2>", "a card")
		}
		require.NoError(t, report.SVG(&picture, c.reports, true))
		heads := regexp.MustCompile(`<g transform="[^"]*rotate.*`).FindAllString(picture.String(), -1)
		require.Len(t, heads, len(c.reports))
		for i := range heads {
			heads[i] = regexp.MustCompile(`^<g[^>]*>`).ReplaceAllString(heads[i], "")
		}
		require.NotEqual(t, heads[0], heads[1])
	}
}

// TestUnknown: the card of a server has the number of cases that others have and it has not.
func TestUnknown(t *testing.T) {
	other := sample()
	other.Target, other.Results = "other", other.Results[:1]
	var b bytes.Buffer
	require.NoError(t, report.HTML(&b, []*conform.Report{sample(), other}))
	require.Equal(t, []string{"? unknown <b>3</b>"}, regexp.MustCompile(`\? unknown <b>\d+</b>`).FindAllString(b.String(), -1))
}

// TestComparable: results of seed files and of other cases are not compared.
func TestComparable(t *testing.T) {
	files := &conform.Report{Target: "importer", File: "import.json", Results: []conform.Result{{ID: "F01"}}}
	require.NoError(t, report.Comparable([]*conform.Report{sample(), sample()}))
	require.NoError(t, report.Comparable([]*conform.Report{files, files}))
	err := report.Comparable([]*conform.Report{sample(), files})
	require.ErrorIs(t, err, report.ErrMixed)
	require.ErrorContains(t, err, "import.json has cases of fob conform import, and bank <1> 2.0 has those of fob conform")
}

// TestPage: the page of one server has all results. Failed cases are open, and come first.
func TestPage(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, report.HTML(&b, []*conform.Report{sample()}))
	text := b.String()
	require.Equal(t, 2, strings.Count(text, `<details class="case fail" open>`))
	require.Equal(t, 1, strings.Count(text, `<details class="case pass">`), "others are folded")
	require.Equal(t, 1, strings.Count(text, `<details class="case na">`))
	require.Less(t, strings.Index(text, "<b>C11</b>"), strings.Index(text, "<b>C01</b>"))
	require.Equal(t, 4, strings.Count(text, "<label "), "a filter by outcome")
	require.NotContains(t, text, "<table")
	require.Contains(t, text, `<h1>Conformance of bank &lt;1&gt; 2.0</h1>`)
}
