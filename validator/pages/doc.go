// SPDX-License-Identifier: Apache-2.0

// Package pages is the bank in a browser: internet banking for the users of a contract,
// and the back office for the bank's clerks.
//
//	h := pages.New(b, pages.Options{})
//	http.ListenAndServe("localhost:8080", h)
//
// Users are under "/", clerks under "/desk/". Each area has its own login and session
// cookie. The pages keep all lasting state in the bank and in the browser. Any number
// of servers on one database can therefore serve one user.
//
// The pages make none of the bank's decisions. A page reads a form, calls one method of
// [bank.Bank] and shows the outcome in Japanese or English. All texts are in catalog/;
// the templates contain none.
//
// # Forms
//
// A form that changes something is sent by POST and answered with a redirect. Reloading
// the next page therefore does not send a code again. Messages for the next page, and
// the input so far, travel in a cookie that is encrypted with a key derived from the
// session's secret. The cookie never contains a code or password, and neither is ever
// written back into a form.
package pages
