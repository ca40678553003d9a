// SPDX-License-Identifier: Apache-2.0

// Package httpapi is the bank's HTTP interface, version 1.
//
// [New] returns a handler for a [bank.Bank]. The handler only translates: it
// authenticates the caller, calls one method of the bank and encodes the outcome in
// JSON. The rules are in the bank.
//
//	http.Server{Handler: httpapi.New(b, httpapi.Options{})}
//
// # Authentication
//
// Requests need "Authorization: Bearer …" with an API key or the secret of a session.
// The exceptions are health checks, the description and logging in. A user's session
// has the rights of that user. The rights of a key depend on its role; see
// [bank.KeyRole].
//
// # Answers
//
// A refused code is not an error. The answer is 200, and its body and headers are
// always the same, whatever the reason. Errors are problems as defined by RFC 9457. No
// answer contains a code, password or seed.
//
// # Limits
//
// [Limits] describes the rate limits.
//
// The description (OpenAPI 3.1) is at /openapi.json and /openapi.yaml. The guide
// docs/validator-http.md explains the interface task by task.
package httpapi
