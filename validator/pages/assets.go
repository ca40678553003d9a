// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"strings"
)

//go:embed static/style.css static/page.js static/icon.svg static/htmx/htmx.min.js
var staticFiles embed.FS

// assetPath is the folder of the assets. The path of each asset contains the hash of
// its content, which lets browsers cache it for ever.
const assetPath = "/assets/"

// asset is a static file.
type asset struct {
	kind    string
	content []byte
}

// assets serves the static files of the pages.
type assets struct {
	byPath map[string]asset
	paths  map[string]string // by file name
}

// newAssets reads the embedded files.
func newAssets() *assets {
	a := &assets{byPath: map[string]asset{}, paths: map[string]string{}}
	for name, f := range map[string]struct{ file, kind string }{
		"style.css": {"static/style.css", "text/css; charset=utf-8"},
		"page.js":   {"static/page.js", "text/javascript; charset=utf-8"},
		"icon.svg":  {"static/icon.svg", "image/svg+xml"},
		"htmx.js":   {"static/htmx/htmx.min.js", "text/javascript; charset=utf-8"},
	} {
		content, err := staticFiles.ReadFile(f.file)
		if err != nil {
			panic("pages: internal error: embedded file: " + err.Error())
		}
		sum := sha256.Sum256(content)
		path := assetPath + hex.EncodeToString(sum[:8]) + "/" + name
		a.byPath[path] = asset{f.kind, content}
		a.paths[name] = path
	}
	return a
}

// path returns the path of an asset, for use in a template.
func (a *assets) path(name string) string { return a.paths[name] }

// ServeHTTP serves an asset without login: assets contain no data of the bank.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.byPath[strings.TrimSuffix(r.URL.Path, "/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(f.content) // an error means that the browser has gone
}
