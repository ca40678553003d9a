// SPDX-License-Identifier: Apache-2.0

package picture_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/picture"
	"github.com/d204ef64/fob/internal/tooltest"
	"github.com/d204ef64/fob/internal/ui/uitest"
)

// newTab returns a browser for a page with a picture, which may change before the page
// is opened again.
func newTab(t *testing.T, svg *[]byte) *uitest.Tab {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(append([]byte("<!doctype html><title>fob</title><link rel=icon href=data:><h1>fob</h1>"), *svg...))
	}))
	t.Cleanup(server.Close)
	return uitest.NewTab(t, server.URL)
}

// TestBackBarcode shows backs in Chromium and reads their barcodes with zbarimg: short
// serial numbers and the longest ones, on all kinds of fob.
func TestBackBarcode(t *testing.T) {
	zbarimg := tooltest.Find(t, "zbarimg")
	var back []byte
	b := newTab(t, &back)
	for _, f := range fobs {
		for _, serial := range []string{"1", "ZZFB00000001", "2600124800001", "ABCDEFGHIJKLMNOPQRST", "A-1 b/2"} {
			back = picture.Back(f, picture.BackLabel{Serial: serial, Expiry: "11/30/31", Model: "Model & <1>"})
			b.Open("/")
			require.Equal(t, "S/N "+serial, uitest.Result(b, chromedp.Evaluate[string](`[...document.querySelectorAll("text")].find((e) => e.textContent.startsWith("S/N")).textContent`)))
			file := filepath.Join(t.TempDir(), "back.png")
			require.NoError(t, os.WriteFile(file, uitest.Result(b, chromedp.FullScreenshot(100)), 0o600))
			out, err := exec.Command(zbarimg, "--quiet", "--raw", "-Sdisable", "-Scode128.enable", file).Output()
			require.NoError(t, err, "%s on %+v", serial, f)
			require.Equal(t, serial, strings.TrimSuffix(string(out), "\n"), "%+v", f)
		}
	}
}

// insideLabel reports whether all texts of the label are inside it, and do not overlap.
const insideLabel = `(() => {
	const label = document.querySelector(".fob-label").getBoundingClientRect();
	const boxes = [...document.querySelectorAll("text")].map((e) => e.getBoundingClientRect());
	const inside = boxes.every((b) => b.left >= label.left && b.right <= label.right && b.top >= label.top && b.bottom <= label.bottom);
	const apart = boxes.every((a, i) => boxes.every((b, j) => i === j || a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top));
	return boxes.length === 3 && inside && apart;
})()`

// TestBackTexts checks that the longest texts of a label fit.
func TestBackTexts(t *testing.T) {
	var back []byte
	b := newTab(t, &back)
	for _, f := range fobs {
		for _, model := range []string{"b", "always-on-6", strings.Repeat("WM", 30)} {
			back = picture.Back(f, picture.BackLabel{Serial: strings.Repeat("W", 20), Expiry: "11/30/31", Model: model})
			b.Open("/")
			require.True(t, uitest.Result(b, chromedp.Evaluate[bool](insideLabel)), "%+v %s", f, model)
		}
	}
}
