// SPDX-License-Identifier: Apache-2.0

// Package ui is the appearance of all web pages of this project: one style sheet with
// its palette for light and dark screens, the layout of a page, templates for its parts,
// and one small script.
//
// A program makes a [Site] of its own templates and texts, and then writes pages:
//
//	site := ui.New(ui.Options{Templates: files, Catalogs: catalogs})
//	mux.Handle("GET "+ui.AssetPath, site.Assets)
//	http.ListenAndServe("localhost:8080", ui.Secure(mux))
//
// A file of the site's templates defines "content", and belongs to the page of its name.
// It can use these templates:
//
//	field, problems   [Field], [Problems]: a form
//	facts, table      a slice of [Fact], [Table]
//	pager             [Pager]
//	picture           [Picture]
//	tile, tiles       [Tile], a slice of [Tile]
//	progress          [Progress]
//	dialog            [Dialog]
//	flash             [Flash], which the layout also shows
//
// and these functions:
//
//	t "key" values…   a text of the site
//	word "key"        a text of this package
//	asset "name"      the path of a static file
//
// # Classes
//
// Templates that write HTML themselves use the classes of static/ui.css: card for a box,
// note and alarm for notices, buttons for a row of buttons (button, button.quiet,
// button.danger, a.button), tag with a [Tone], list, tabs, shortcuts, form-grid, search,
// tables in a div.scroll (table.stack, whose cells have the attribute data-label), serial
// for serial numbers, beside for text with pictures beside it on a wide screen,
// fob-picture for drawings of package picture, and script for elements that need
// JavaScript. An attribute data-print makes a button print the page.
//
// # Rules
//
// Pages contain no style attributes, style elements or inline scripts: [Secure] sets a
// policy that forbids them. A site with a script of its own adds it to Options.Assets
// and names it in Page.Scripts.
//
// Colours are in the palette at the top of static/ui.css and nowhere else. A test
// computes the contrast of each pair, for both schemes, as WCAG 2.2 requires. Package
// uitest checks pages in Chromium.
package ui
