// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
)

//go:embed static/ui.css static/ui.js static/icon.svg static/htmx/htmx.min.js
var staticFiles embed.FS

// AssetPath is the folder of the assets. The path of each asset contains the hash of
// its content, which lets browsers cache it for ever.
const AssetPath = "/assets/"

// Asset is a static file.
type Asset struct {
	Name    string // with an extension that gives its type: "line.js"
	Content []byte
}

// Assets serves the static files of a site, without login: they contain no data.
type Assets struct {
	byPath map[string]Asset
	paths  map[string]string // by name
}

// newAssets returns the assets of this package and of a site.
func newAssets(site []Asset) *Assets {
	a := &Assets{byPath: map[string]Asset{}, paths: map[string]string{}}
	for name, file := range map[string]string{
		"ui.css": "ui.css", "ui.js": "ui.js", "icon.svg": "icon.svg", "htmx.js": "htmx/htmx.min.js",
	} {
		content, err := staticFiles.ReadFile("static/" + file)
		if err != nil {
			panic("ui: internal error: embedded file: " + err.Error())
		}
		a.add(Asset{name, content})
	}
	for _, asset := range site {
		a.add(asset)
	}
	return a
}

func (a *Assets) add(asset Asset) {
	if kinds[path.Ext(asset.Name)] == "" {
		panic("ui: internal error: unknown type of asset " + asset.Name)
	}
	sum := sha256.Sum256(asset.Content)
	at := AssetPath + hex.EncodeToString(sum[:8]) + "/" + asset.Name
	a.byPath[at], a.paths[asset.Name] = asset, at
}

// Paths returns the paths of all assets by name.
func (a *Assets) Paths() map[string]string { return a.paths }

// kinds are the types of assets, which do not depend on the machine's tables.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".png": "image/png",
}

// ServeHTTP serves an asset.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.byPath[strings.TrimSuffix(r.URL.Path, "/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kinds[path.Ext(f.Name)])
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(f.Content) // an error means that the browser has gone
}

// securityPolicy lets pages load only files of their server, and run no inline scripts
// or styles.
const securityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Secure sets the headers that all answers of a site share. Nothing but assets is
// cached.
func Secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", securityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
