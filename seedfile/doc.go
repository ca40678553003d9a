// SPDX-License-Identifier: Apache-2.0

// Package seedfile reads and writes the files by which tokens come to
// validation servers: PSKC (RFC 6030) and the dialects of real servers.
//
//	r, err := seedfile.NewReader(file, seedfile.ReadOptions{})  // finds out which format
//	for {
//		rec, err := r.Read()
//		if err == io.EOF { break }
//		…
//	}
//
// A file is a stream of [Record]: nothing keeps more than one of them, so that a
// file of a million tokens takes no more memory than one of ten.
//
// What a format cannot carry is never dropped in silence: [Format.Lost] tells
// what of a record would be, before it is written. What a file does not say is
// never made up: a missing period is [ErrNoPeriod], and not 30.
//
// [Servers] lists validation servers: a file can be written as one of them reads it.
//
// [Formats] lists the formats; what is in each, and who says so, stands where it
// is defined. [OTPAuthURI], [QRPNG] and [QRText] bring a token into an
// authenticator app. No error and no warning has a part of a seed in it.
package seedfile
