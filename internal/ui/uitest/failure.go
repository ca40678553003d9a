// SPDX-License-Identifier: Apache-2.0

package uitest

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// showIfFailed logs the page of a test that has failed, and saves a screenshot in the
// folder that FOB_SHOTS names, or else among the test's artifacts.
func (b *Tab) showIfFailed() {
	b.T.Helper()
	if !b.T.Failed() {
		return
	}
	ctx, cancel := context.WithTimeout(b.tab, time.Minute) // the page may not answer
	defer cancel()
	page, err := chromedp.Run(ctx, chromedp.Evaluate[string](describePage))
	if err != nil {
		b.T.Logf("reading the page of a failed test: %v", err)
		return
	}
	b.T.Logf("the page when the test had failed:\n%s", loginLink.ReplaceAllString(page, "/login/…"))
	folder := os.Getenv("FOB_SHOTS")
	if folder == "" {
		folder = b.T.ArtifactDir()
	}
	shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.T.Logf("taking a screenshot of a failed test: %v", err)
		return
	}
	name := strings.ReplaceAll(b.T.Name(), "/", "-") + "-failed-" + strings.NewReplacer(":", "-", "/", "").Replace(strings.TrimPrefix(b.base, "http://")) + ".png"
	if err := os.WriteFile(filepath.Join(folder, name), shot, 0o644); err != nil {
		b.T.Logf("saving a screenshot of a failed test: %v", err)
	}
}

// loginLink is a link that logs a person in, and is secret.
var loginLink = regexp.MustCompile(`/login/[\w-]+`)

// describePage is an expression that describes the page. It leaves the query of the address
// out, which may have secrets.
const describePage = `[
	"address: " + location.origin + location.pathname,
	"visible: " + document.visibilityState,
	"connection: " + (document.documentElement.dataset.connection ?? document.querySelector("[data-live]")?.dataset.state ?? "none"),
	"focus: " + document.activeElement?.cloneNode().outerHTML.slice(0, 200),
	...[...document.querySelectorAll(".face")].slice(0, 50).map((face) => "face: " + face.getAttribute("aria-label")),
	"text: " + document.body?.innerText.slice(0, 3000),
].join("\n")`
