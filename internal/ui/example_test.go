// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing/fstest"

	"github.com/d204ef64/fob/internal/ui"
)

// view is the data of the example's pages: the layout's, and their own.
type view struct {
	ui.Page
	Tiles []ui.Tile
}

// A site with one page in two languages. A real site embeds its templates and catalogues
// with go:embed.
func Example() {
	catalogs := map[string]ui.Catalog{
		ui.English:  {"title": "Ports", "lead": "{0} ports", "wait": "WAIT", "pass": "PASS"},
		ui.Japanese: {"title": "ポート", "lead": "ポート {0} 個", "wait": "待機", "pass": "合格"},
	}
	site := ui.New(ui.Options{
		Templates: fstest.MapFS{
			"ports.html": {Data: []byte(`{{define "content"}}<p class="lead">{{t "lead" (len .Tiles)}}</p>{{template "tiles" .Tiles}}{{end}}`)},
		},
		Catalogs: catalogs,
		Assets:   []ui.Asset{{Name: "line.js", Content: []byte(`"use strict";`)}},
	})

	mux := http.NewServeMux()
	mux.Handle("GET "+ui.AssetPath, site.Assets)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		word := catalogs[ui.LanguageOf(r, "")]
		page := ui.NewPage(r, word["title"])
		page.Site, page.Brand, page.Width = "Line 3", ui.Teal, ui.FullWidth
		page.LanguagePath, page.Scripts = "/language", []string{"line.js"}
		err := site.Write(w, http.StatusOK, page.Lang, "ports", view{page, []ui.Tile{
			{ID: "port-1", Name: "1", State: ui.TilePass, Word: word["pass"], Subject: "999-0000123"},
			{ID: "port-2", Name: "2", State: ui.TileWait, Word: word["wait"]},
		}})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("POST /language", func(w http.ResponseWriter, r *http.Request) {
		// A site with logins also checks the field form-token here.
		err := r.ParseForm()
		to := "/"
		if err == nil {
			to, err = ui.SwitchLanguage(w, r, r.TLS != nil, "/")
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
	handler := ui.Secure(mux)

	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Language", "en")
	handler.ServeHTTP(w, r)
	for _, m := range regexp.MustCompile(`<title>.*</title>|<section class="[^"]*"|<span>[A-Z]+</span>`).FindAllString(w.Body.String(), -1) {
		fmt.Println(m)
	}
	// Output:
	// <title>Ports | Line 3</title>
	// <section class="tile pass"
	// <span>PASS</span>
	// <section class="tile wait"
	// <span>WAIT</span>
}
