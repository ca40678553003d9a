// SPDX-License-Identifier: Apache-2.0

package uitest

import (
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"

	"github.com/d204ef64/fob/internal/tooltest"
)

// axeVersion is the version of axe-core that tools/axe/fetch.sh fetches.
const axeVersion = "4.14.1"

// axeName is for the message if axe-core is missing.
const axeName = "axe-core (tools/axe/fetch.sh)"

// Axe returns the violations of WCAG 2.2, levels A and AA, that axe-core finds on the
// page as it is shown now: a line for each element. Without axe-core, tooltest.Missing
// ends the test.
func (b *Tab) Axe() []string {
	b.T.Helper()
	script, found := axeScript()
	if !found {
		tooltest.Missing(b.T, axeName)
	}
	return b.axe(script)
}

// axeScript returns the path of axe-core's script, and whether it is there.
func axeScript() (string, bool) {
	caches, err := os.UserCacheDir()
	if err != nil {
		return "", false
	}
	script := filepath.Join(caches, "fob", "axe-core-"+axeVersion, "node_modules", "axe-core", "axe.min.js")
	_, err = os.Stat(script)
	return script, err == nil
}

func (b *Tab) axe(script string) []string {
	b.T.Helper()
	// The protocol of the developer tools runs it. The page's content security policy
	// would refuse a script element.
	if !Result(b, chromedp.Evaluate[bool](`"axe" in window`)) {
		source, err := os.ReadFile(script)
		b.check(err)
		Result(b, chromedp.Evaluate[bool](string(source)+";true"))
	}
	return Result(b, chromedp.Evaluate[[]string](runAxe, chromedp.EvalAwaitPromise))
}

// runAxe is an expression that runs axe-core and lists its violations. The rule
// target-size is off unless it is asked for. The stylesheets are on the page already.
const runAxe = `axe.run(document, {
	runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], rules: { "target-size": { enabled: true } },
	resultTypes: ["violations"], preload: false, iframes: false,
}).then(({ passes, violations }) => {
	const lines = violations.flatMap((v) => v.nodes.map((n) =>
		v.id + ": " + n.target.join(" ") + ": " + [...n.any, ...n.all, ...n.none].map((c) => c.message).join("; ") + ": " + n.html.slice(0, 200)));
	return passes.length > 0 ? lines : ["nothing was checked"];
})`
