// SPDX-License-Identifier: Apache-2.0

// Package store keeps the bank's data in SQLite or PostgreSQL.
//
// [Open] opens either of them; both use the same migrations and queries. [DB.Update]
// runs a function in a transaction that is on disk when it returns. [DB.View] runs a
// function on one consistent state of the database. [DB.Grouped] is like Update, for
// operations that happen thousands of times a second: several functions share one
// transaction, and wait for the disk only once.
//
// The store makes no decisions and seals nothing. Callers pass it sealed seeds, and the
// hash chains of the audit log use the function given to [DB.SetAuditMAC].
package store
