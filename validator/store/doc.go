// SPDX-License-Identifier: Apache-2.0

// Package store keeps what the bank remembers, in SQLite or PostgreSQL.
//
// [Open] opens one or the other, and there is one set of migrations and queries
// for both. [DB.Update] runs a function in a transaction that is on disk when it
// returns; [DB.View] shows it one state of the database. [DB.Grouped] is Update
// for what happens thousands of times a second: several functions share one
// transaction, and so one wait for the disk.
//
// The store decides nothing and seals nothing: seeds come sealed, and the hash
// chain of the audit log is made with the function that [DB.Chain] is given.
package store
