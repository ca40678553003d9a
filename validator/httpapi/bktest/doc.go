// SPDX-License-Identifier: Apache-2.0

// Package bktest has a test for each rule of the bank, BK-01 to BK-20. Each test reads
// like the question and answer that it comes from. The tests talk over HTTP to a
// running bank: contracts, seed files, activation, transactions, suspension,
// revocation, orders, notices, and a clock that the tests move. Each test runs on
// SQLite and on PostgreSQL.
//
// The codes come from github.com/pquerna/otp. Amounts, dates and procedures are copied
// from the bank's text.
package bktest
