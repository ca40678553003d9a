// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
)

// contrast is the contrast ratio of WCAG 2.2.
func contrast(t *testing.T, a, b string) float64 {
	luminance := func(color string) float64 {
		sum := 0.0
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			n, err := strconv.ParseUint(color[1+2*i:3+2*i], 16, 8)
			require.NoError(t, err)
			c := float64(n) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += weight * c
		}
		return sum
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// TestContrast: texts have the contrast of WCAG's level AA (1.4.3), and signs at
// least the one of graphical objects (1.4.11).
func TestContrast(t *testing.T) {
	for _, of := range []func(color) string{func(c color) string { return c.light }, func(c color) string { return c.dark }} {
		back := of(colors["back"])
		for _, text := range []string{"text", "dim", "pass", "fail"} {
			require.GreaterOrEqual(t, contrast(t, of(colors[text]), back), 4.5, "%s on %s", text, back)
		}
		require.GreaterOrEqual(t, contrast(t, of(colors["sign"]), of(colors["fail"])), 4.5)
	}
}

// measuredReports are the results of two servers. The second one has not run C01.
func measuredReports() []*conform.Report {
	at := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	return []*conform.Report{
		{Target: "one <&>", Version: "1.0", Date: at, Results: []conform.Result{
			{ID: "C01", Outcome: conform.Pass, Detail: "good"}, {ID: "C07", Outcome: conform.Fail, Detail: "seen & measured"}, {ID: "C12", Outcome: conform.Pass, Detail: "good"},
		}},
		{Target: "two", Date: at, Results: []conform.Result{
			{ID: "C07", Outcome: conform.NotApplicable, Detail: "needs x"}, {ID: "C12", Outcome: conform.Fail, Detail: "accepted 61 s later"},
		}},
	}
}

func TestSVG(t *testing.T) {
	for all, cells := range map[bool]int{false: 2 * 2, true: 3 * 2} {
		var b bytes.Buffer
		require.NoError(t, SVG(&b, measuredReports(), all))
		text := b.String()
		d := xml.NewDecoder(&b)
		for {
			_, err := d.Token()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
		}
		require.Equal(t, cells, strings.Count(text, "<g><title>one &lt;&amp;&gt; 1.0, ")+strings.Count(text, "<g><title>two, "))
		require.Contains(t, text, `width="900"`)
		require.Contains(t, text, ":root{max-width:100%;height:auto}", "it shrinks to a narrow window")
		require.Contains(t, text, `role="img" aria-labelledby="title desc"`)
		require.Contains(t, text, "one &lt;&amp;&gt; (1.0 2026-11-30) passes 2 and fails C07. two (2026-11-30) passes 0 and fails C12.</desc>")
		require.Contains(t, text, "C07: FAIL, seen &amp; measured</title>")
		require.Equal(t, all, strings.Contains(text, "two, C01: unknown</title>"))
		require.NotContains(t, text, "http://127")
	}
}

func TestSources(t *testing.T) {
	require.Equal(t, []Link{
		{"RFC 6238 §5.2 and R5", "https://www.rfc-editor.org/rfc/rfc6238#section-5.2"},
		{"RFC 6238 Appendix B", "https://www.rfc-editor.org/rfc/rfc6238#appendix-B"},
		{"RFC 6238 R4", "https://www.rfc-editor.org/rfc/rfc6238#section-3"},
		{"NIST SP 800-63B-4 §3.2.2", "https://pages.nist.gov/800-63-4/sp800-63b.html"},
		{"CVE-2025-6014", "https://www.cve.org/CVERecord?id=CVE-2025-6014"},
		{"bank rule BK-02", ""},
	}, Sources("RFC 6238 §5.2 and R5; RFC 6238 Appendix B; RFC 6238 R4; NIST SP 800-63B-4 §3.2.2; CVE-2025-6014; bank rule BK-02"))
}

func TestAbout(t *testing.T) {
	cases, err := conform.Select(conform.Selection{IDs: []string{"C12"}})
	require.NoError(t, err)
	about := About{Case: cases[0], Mistake: "forgets", Measured: measuredReports()}
	var text, page bytes.Buffer
	require.NoError(t, about.Text(&text))
	require.NoError(t, about.Markdown(&page))
	for _, c := range []string{text.String(), page.String()} {
		require.Contains(t, c, "two: accepted 61 s later")
		require.Contains(t, c, "1. Import a token")
		require.Contains(t, c, "up to 3 min on a target without the verb clock")
		require.Contains(t, c, "a wrong server that forgets.")
	}
	require.Contains(t, page.String(), "[RFC 6238 §5.2](https://www.rfc-editor.org/rfc/rfc6238#section-5.2)")
	for line := range strings.Lines(text.String()) {
		require.LessOrEqual(t, len([]rune(strings.TrimSuffix(line, "\n"))), width+4, line)
	}
	var index bytes.Buffer
	require.NoError(t, Index(&index, measuredReports()))
	require.Contains(t, index.String(), "| [C12](C12.md) | MUST | a used code is refused for as long as it would be valid | pass | **FAIL** |\n")
	require.Contains(t, index.String(), "1. one &lt;&> 1.0, measured by hand on 2026-11-30: 2 PASS, 1 FAIL, 0 N/A\n")
}
