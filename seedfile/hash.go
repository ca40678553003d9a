// SPDX-License-Identifier: Apache-2.0

package seedfile

import "github.com/d204ef64/fob/token"

// hashByLength returns the hash that privacyIDEA and LinOTP use if a file does not
// specify it: the one with an output as long as the seed, otherwise SHA-1 (privacyIDEA:
// TokenClass.get_import_csv; LinOTP: parseOATHcsv). It returns false for a hash that
// this package does not support.
func hashByLength(seed token.Seed) (token.Algorithm, bool) {
	switch seed.Len() {
	case 28, 48: // SHA-224 and SHA-384
		return 0, false
	case 32:
		return token.SHA256, true
	case 64:
		return token.SHA512, true
	}
	return token.SHA1, true
}

// hashLikeServer sets the hash of a record from a file that does not specify it. An
// algorithm other than SHA-1 in the options takes precedence.
func (c *csvReader) hashLikeServer(r *Record, server string) error {
	if r.Algorithm = c.lines.options.Algorithm; r.Algorithm != token.SHA1 {
		return nil
	}
	var ok bool
	if r.Algorithm, ok = hashByLength(r.Seed); !ok {
		return &Error{Field: "algorithm", Err: unsupported("%s would use SHA-224 or SHA-384 for a seed of %d bytes", server, r.Seed.Len())}
	}
	if r.Algorithm != token.SHA1 {
		c.once("the file does not name the hash: " + r.Algorithm.String() + " is used, because " + server + " derives it from the length of the seed")
	}
	return nil
}

// fitsLength reports whether a server that derives the hash from the length of the seed
// computes this token's codes.
func fitsLength(r *Record) bool {
	a, ok := hashByLength(r.Seed)
	return ok && a == r.Algorithm
}

// needFit refuses a record for which such a server would use another hash.
func needFit(r *Record, server string) error {
	if fitsLength(r) {
		return nil
	}
	return badValue("algorithm", "the format does not name the hash, and %s derives it from the length of the seed, which is wrong for %s and %d bytes: write pskc",
		server, r.Algorithm, r.Seed.Len())
}
