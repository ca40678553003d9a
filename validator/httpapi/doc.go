// SPDX-License-Identifier: Apache-2.0

// Package httpapi is the bank's HTTP interface, version 1.
//
// [New] returns a handler for a [bank.Bank]. It translates and no more: it finds
// out who asks, calls one method of the bank and says the outcome in JSON. The
// rules are the bank's.
//
//	http.Server{Handler: httpapi.New(b, httpapi.Options{})}
//
// # Who asks
//
// Every request but those for health, for the description and for logging in has
// "Authorization: Bearer …" with an API key or the secret of a session. A user's
// session does what that user may; a key has a role, see [bank.KeyRole].
//
// # What is answered
//
// A code that is refused is no error: the answer is 200 and always the same body
// and headers, whatever the reason. Errors are problems as of RFC 9457. Neither
// has a code, password or seed in it.
//
// # How much
//
// See [Limits].
//
// The description (OpenAPI 3.1) is at /openapi.json and /openapi.yaml, and
// docs/validator-http.md goes through it task by task.
package httpapi
