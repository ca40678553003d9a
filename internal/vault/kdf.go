// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The costs for a new passphrase: the second recommended option of RFC 9106 section 4,
// for systems on which 2 GiB of memory are too much.
const (
	kdfTime    = 3
	kdfMemory  = 64 << 10 // KiB
	kdfThreads = 4
	kdfSalt    = 16 // bytes
)

// The costs accepted from a database. Lower ones would make passphrases easy to guess,
// and higher ones would make opening the database a denial of service. 19 MiB is the
// minimum in OWASP's Password Storage Cheat Sheet for Argon2id with few passes.
const (
	minMemory, maxMemory   = 19 << 10, 1 << 20 // KiB
	maxTime                = 16
	maxThreads             = 16
	minSalt, maxSalt       = 16, 64 // bytes
	minPhrase, maxPhrase   = 12, 1024
	kdfName                = "argon2id"
	maxKDFText             = 256
	argonVersion           = "v=19" // 0x13, RFC 9106
	kdfFields, costsFields = 5, 3
)

// kdf holds the parameters for deriving a master key from a passphrase.
type kdf struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
	salt    []byte
}

// NewKDF returns new parameters for deriving a key from a passphrase, with a random
// salt, as text to keep in the database. It is the string format of the Password
// Hashing Competition, without a hash:
//
//	$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdA
//
// The text is not secret. The error is currently always nil.
func NewKDF() (string, error) {
	salt := make([]byte, kdfSalt)
	rand.Read(salt)
	return kdf{kdfMemory, kdfTime, kdfThreads, salt}.text(), nil
}

func (k kdf) text() string {
	return fmt.Sprintf("$%s$%s$m=%d,t=%d,p=%d$%s", kdfName, argonVersion, k.memory, k.time, k.threads,
		base64.RawStdEncoding.EncodeToString(k.salt))
}

// MasterFromPassphrase derives the key from a passphrase of 12 to 1024 bytes and the
// text that [NewKDF] returned when the database was created. It takes about a tenth of
// a second and 64 MiB. A wrong passphrase gives a key that opens nothing: see
// [ErrWrongKey]. The error is [ErrPassphrase] or wraps [ErrKDF].
func (r Realm) MasterFromPassphrase(pass []byte, kdf string) (Master, error) {
	r.check()
	if len(pass) < minPhrase || len(pass) > maxPhrase {
		return Master{}, ErrPassphrase
	}
	k, err := parseKDF(kdf)
	if err != nil {
		return Master{}, fmt.Errorf("%w: %w", ErrKDF, err)
	}
	key := argon2.IDKey(pass, k.salt, k.time, k.memory, k.threads, keyLen)
	defer clear(key)
	return Master{realm: r, k: secretOf(key)}, nil
}

func parseKDF(text string) (kdf, error) {
	if len(text) > maxKDFText {
		return kdf{}, fmt.Errorf("it has more than %d bytes", maxKDFText)
	}
	f := strings.Split(text, "$")
	if len(f) != kdfFields || f[0] != "" || f[1] != kdfName || f[2] != argonVersion {
		return kdf{}, fmt.Errorf("want $%s$%s$costs$salt", kdfName, argonVersion)
	}
	costs := strings.Split(f[3], ",")
	if len(costs) != costsFields {
		return kdf{}, fmt.Errorf("want the costs m, t and p")
	}
	memory, err := cost(costs[0], "m=", minMemory, maxMemory)
	if err != nil {
		return kdf{}, err
	}
	time, err := cost(costs[1], "t=", 1, maxTime)
	if err != nil {
		return kdf{}, err
	}
	threads, err := cost(costs[2], "p=", 1, maxThreads)
	if err != nil {
		return kdf{}, err
	}
	salt, err := base64.RawStdEncoding.Strict().DecodeString(f[4])
	if err != nil || len(salt) < minSalt || len(salt) > maxSalt {
		return kdf{}, fmt.Errorf("want a salt of %d to %d bytes in base64", minSalt, maxSalt)
	}
	return kdf{memory, time, uint8(threads), salt}, nil
}

func cost(field, name string, lowest, highest uint64) (uint32, error) {
	digits, ok := strings.CutPrefix(field, name)
	n, err := strconv.ParseUint(digits, 10, 32)
	if !ok || err != nil || n < lowest || n > highest {
		return 0, fmt.Errorf("want %s%d to %d", name, lowest, highest)
	}
	return uint32(n), nil
}
