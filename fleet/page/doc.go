// SPDX-License-Identifier: Apache-2.0

// Package page is the web page of a running fleet: the wall with the faces of all tokens,
// the page of each token, and the HTTP API of package control.
//
//	s := page.New(f, page.Options{Key: key})
//	fmt.Println(url + s.NewLink()) // opens the wall in a browser, once
//	http.Serve(listener, s)
//
// A page shows the tokens as they are: the server sends it each change, and the page asks
// for nothing. All that a person does on a page is a request to the HTTP API.
package page
