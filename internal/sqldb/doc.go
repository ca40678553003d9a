// SPDX-License-Identifier: Apache-2.0

// Package sqldb runs transactions in SQLite or PostgreSQL.
//
// A [Schema] describes the tables of a program. [Schema.Open] opens either database; both
// use the same migrations and the same queries, with the parameters $1, $2, … and with
// types that both have. A boolean is a number, 0 or 1.
//
// [DB.Update] runs a function in a transaction that is on disk when it returns, and
// repeats it if it conflicts with another transaction. [DB.View] runs a function on one
// consistent state of the database. [DB.Grouped] is like Update, for operations that
// happen thousands of times a second: several functions share one transaction, and wait
// for the disk only once.
//
// Within a transaction, use [QueryOne], [QueryAll] and [QueryPage] to read, and
// [Tx.ExecOne] and [Tx.Exec] to write.
package sqldb
