// SPDX-License-Identifier: Apache-2.0

package uitest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// movingPage has a button #right that another one pushes away just before a click arrives,
// once; a button #below under a notice that soon goes; and a field.
const movingPage = `<!DOCTYPE html><link rel="icon" href="data:,"><h1>Moving</h1>
<button id="wrong" style="display: none">Wrong</button>
<button id="right" style="display: block">Right</button>
<div style="height: 3000px"></div>
<p style="position: relative"><button id="below">Below</button><span id="notice" style="position: absolute; inset: 0; background: white">Notice</span></p>
<input id="field" value="old">
<script>
	window.clicks = [];
	document.addEventListener("click", (event) => clicks.push(event.target.id));
	const find = document.elementFromPoint;
	let asked = 0;
	document.elementFromPoint = function (...at) {
		const found = find.apply(document, at);
		if (found?.id === "right" && ++asked === 2) {
			document.getElementById("wrong").style.display = "block";
		}
		if (found?.id === "notice" && ++asked > 8) {
			found.remove();
		}
		return found;
	};
</script>`

// TestChromiumPress: a click reaches its element and no other one, also if the page moves.
func TestChromiumPress(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, movingPage)
	}))
	t.Cleanup(server.Close)
	b := NewTab(t, server.URL)
	b.Open("/")
	clicks := func() []string { return Result(b, chromedp.Evaluate[[]string](`clicks`)) }
	b.Press("#right")
	require.True(t, Result(b, chromedp.Evaluate[bool](`document.getElementById("wrong").checkVisibility()`)), "the button was moved")
	require.Equal(t, []string{"right"}, clicks())
	b.Press("#wrong")
	b.Press("#below")
	require.Equal(t, []string{"right", "wrong", "below"}, clicks())
	for _, text := range []string{"new text", ""} {
		b.Fill("#field", text)
		require.Equal(t, text, Result(b, chromedp.Evaluate[string](`document.getElementById("field").value`)))
	}
}
