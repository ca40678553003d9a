// SPDX-License-Identifier: Apache-2.0

// Package vault keeps the secrets of a program at rest.
//
// The [Master] key is in its own file or derived from a passphrase. It is never in the
// database. It wraps the data keys (type [Key]). The database stores the wrapped data
// keys, and the data keys seal the seeds:
//
//	master ──wraps──▶ data key 1, 2, … ──seal──▶ seeds
//
// A new data key therefore costs one row and changes no sealed seed, and a new master
// key requires only that each data key is wrapped again. The database alone reveals no
// seed, and the key file alone reveals nothing.
//
// [Table] has the statements for a database table of the wrapped keys.
//
// A [Ring] holds the unwrapped data keys while the server runs. All sealing is
// AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce before the ciphertext. The
// additional data identifies the owner of the value: a seed copied to another token's
// row does not open, nor does a key copied to another key's. A key may seal 2³² values
// before a repeated nonce becomes too likely (section 8.3 there); a database has millions.
//
// A [Realm], such as "bank", is the program to which keys belong. It is part of the text
// of a master key and of all additional data: a key file of one program is refused by
// another one.
//
// Master, Key and Ring print as "[key redacted]" in every log and error. Keys are wiped
// where Go allows it. Copies made by the runtime or the cipher cannot be wiped.
package vault

import "github.com/d204ef64/fob/internal/errclass"

// The purposes of data keys. A key opens only values of its own purpose.
const (
	PurposeSeed        = "seed"        // seals the seeds
	PurposeAudit       = "audit"       // authenticates the log of the database
	PurposeFingerprint = "fingerprint" // detects a seed that was imported twice
)

// Purposes returns the purposes of the keys that a ring requires.
func Purposes() []string { return []string{PurposeSeed, PurposeAudit, PurposeFingerprint} }

var (
	// ErrWrongKey is the error for opening a data key with the wrong master key. A
	// wrapped key that was altered, or that belongs to another purpose or ID, gives the
	// same error: the cases cannot be distinguished.
	ErrWrongKey = errclass.New(errclass.Usage, "the master key does not open this database's keys: "+
		"it is the key (or passphrase) of another database, or the stored key was altered")
	// ErrAltered is the error for a sealed value that was altered or belongs to another
	// serial number.
	ErrAltered = errclass.New(errclass.Failed, "the sealed value was altered, or belongs to another serial number")
	// ErrUnknownKey is the error for a value that was sealed with a key missing from
	// the ring. Functions wrap it and add the ID of the key.
	ErrUnknownKey = errclass.New(errclass.Failed, "no such data key")
	// ErrNoKey is the error for using the zero [Master] or [Key], or one after Destroy.
	ErrNoKey = errclass.New(errclass.Failed, "no key: it was never set, or was destroyed")
	// ErrKeyText is the error for a text that is not a master key. It does not quote
	// the text.
	ErrKeyText = errclass.New(errclass.Usage, "not a master key")
	// ErrKeyFile is the error for a key file that is unsafe to use, or that exists
	// already.
	ErrKeyFile = errclass.New(errclass.Usage, "key file")
	// ErrKDF is the error for a text that does not describe a key derivation from a
	// passphrase.
	ErrKDF = errclass.New(errclass.Failed, "invalid key derivation parameters")
	// ErrPassphrase is the error for a passphrase outside 12 to 1024 bytes.
	ErrPassphrase = errclass.New(errclass.Usage, "a passphrase has 12 to 1024 bytes")
	// ErrRing is the error for data keys that do not form a ring.
	ErrRing = errclass.New(errclass.Failed, "data keys")
)
