// SPDX-License-Identifier: Apache-2.0

// Package store keeps the bank's data in SQLite or PostgreSQL.
//
// [Open] opens either of them. [DB.Update], [DB.View] and [DB.Grouped] run a function in a
// transaction: see package [sqldb], which has the connections and the retries. This
// package has the tables of the bank, its audit log and its backups.
//
// The store makes no decisions and opens no seeds. Callers pass it sealed seeds, and the
// hash chains of the audit log use the function given to [DB.SetAuditMAC].
package store
