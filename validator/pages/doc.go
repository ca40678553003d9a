// SPDX-License-Identifier: Apache-2.0

// Package pages is the bank in a browser: internet banking for the users of a
// contract, and the desk for the bank's clerks.
//
//	h := pages.New(b, pages.Options{})
//	http.ListenAndServe("localhost:8080", h)
//
// Users are under "/", clerks under "/desk/". Each has a login and a cookie of
// its own. The pages hold no state but in the bank and in the browser, so that
// any number of servers on one database can serve one user.
//
// What is the bank's to decide is not decided here: a page reads a form, calls one
// method of [bank.Bank] and says what came of it, in Japanese or English. All
// words are in catalog/, none in a template.
//
// # Forms
//
// A form that changes something is sent by POST and answered with a redirect, so
// that reloading a page sends no code again. What a user must see on the page
// after it, and what he has filled in so far, travels in a cookie that is sealed
// with a key made of his session's secret; a code or password never does, and is
// never written back into a form.
package pages
