// SPDX-License-Identifier: Apache-2.0

// Package bktest has a test for each rule of the bank, BK-01 to BK-20, which reads
// like the question and answer that it is from. Everything goes over HTTP to a
// bank that listens: contracts, seed files, activation, transactions, suspension,
// revocation, orders, notices, and the time, which is moved by hand. Each runs on
// SQLite and on PostgreSQL.
//
// Codes are those of github.com/pquerna/otp, and amounts, dates and ways are
// written as the bank's text has them.
package bktest
