// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// TestChromiumLogin: a link opens the wall once, and then the API key.
func TestChromiumLogin(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(3, "always-on-6"))
	b := r.open("/")
	require.Equal(t, "/", b.Path())
	english(b)
	b.Open("/tokens/" + r.serial(1))
	b.WaitUntil(isLive)
	require.Contains(t, eval[string](b, `document.querySelector("h1").textContent`), r.serial(1))
	b.Run(chromedp.Evaluate[chromedp.Void](`fob.api("GET", "/v1/tokens").then((list) => { window.count = list.items.length; })`))
	b.WaitUntil(`window.count === 3`)
}
