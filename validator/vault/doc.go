// SPDX-License-Identifier: Apache-2.0

// Package vault keeps the bank's secrets at rest.
//
// There is one [Master] key, in a file of its own or made from a passphrase,
// never in the database. It wraps the data keys (a [Key] each), which lie
// wrapped in the database, and these seal the seeds:
//
//	master ──wraps──▶ data key 1, 2, … ──seal──▶ seeds
//
// So a new data key costs one row and no seed, and a new master key one wrapping
// of each data key. Who has the database alone has no seed; who has the key file
// alone has nothing.
//
// A [Ring] holds the data keys unwrapped, for the time that the server runs. All
// sealing is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce before the
// ciphertext, and its additional data says what the value belongs to: a seed that
// was copied to another token's row, or a key to another's, does not open. A key
// may seal 2³² values before its nonces are too likely to meet (section 8.3
// there); a bank has millions.
//
// Master, Key and Ring write themselves as "[key redacted]" in every log and
// error. Wiping is done where Go allows it; what the runtime or the cipher copied
// is beyond reach.
package vault

import "github.com/d204ef64/fob/internal/errclass"

// The purposes of data keys that the bank has. A key opens nothing of another
// purpose.
const (
	PurposeSeed        = "seed"        // seals the seeds
	PurposeAudit       = "audit"       // authenticates the audit log
	PurposeFingerprint = "fingerprint" // finds a seed that came twice
	PurposeSession     = "session"     // for what pages give out and get back
)

var (
	// ErrWrongKey is the error of opening a data key with a master key that is
	// not the one it was wrapped with, or a wrapped key that was altered or
	// belongs to another purpose or ID: they cannot be told apart.
	ErrWrongKey = errclass.New(errclass.Usage, "the master key does not open this database's keys: "+
		"it is the key (or passphrase) of another database, or the stored key was altered")
	// ErrAltered is the error of a sealed value that was altered, or that
	// belongs to another serial number.
	ErrAltered = errclass.New(errclass.Failed, "the sealed value was altered, or belongs to another serial number")
	// ErrUnknownKey is the error of a value that was sealed with a key that the
	// ring does not have. The error returned names the key.
	ErrUnknownKey = errclass.New(errclass.Failed, "no such data key")
	// ErrNoKey is the error of using the zero [Master] or [Key], or one after
	// Destroy.
	ErrNoKey = errclass.New(errclass.Failed, "no key: never set, or destroyed")
	// ErrKeyText is the error of a text that is no master key. The key is not
	// quoted.
	ErrKeyText = errclass.New(errclass.Usage, "not a bank key")
	// ErrKeyFile is the error of a key file that is unsafe to use or in the way.
	ErrKeyFile = errclass.New(errclass.Usage, "key file")
	// ErrKDF is the error of a text that does not say how a key is made from a
	// passphrase.
	ErrKDF = errclass.New(errclass.Failed, "not a key derivation")
	// ErrPassphrase is the error of a passphrase outside 12 to 1024 bytes.
	ErrPassphrase = errclass.New(errclass.Usage, "a passphrase has 12 to 1024 bytes")
	// ErrRing is the error of data keys that make no ring.
	ErrRing = errclass.New(errclass.Failed, "data keys")
)
