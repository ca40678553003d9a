// SPDX-License-Identifier: Apache-2.0

// Package weblogin lets browsers and programs in to the pages of a running program. A
// program sends the API key as a bearer token. A browser gets a cookie for a link that
// works once, or for the key.
//
//	gate := weblogin.New(weblogin.Options{Name: "line", Key: key, Frame: frame, Text: text, Write: write})
//	gate.Register(mux)
//	http.Serve(listener, gate.Admit(mux))
//
// The cookie is derived from the key: it is still valid after a restart with the same key.
package weblogin
