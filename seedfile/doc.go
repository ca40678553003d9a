// SPDX-License-Identifier: Apache-2.0

// Package seedfile reads and writes the files that bring tokens to validation servers:
// PSKC (RFC 6030) and the dialects of real servers.
//
//	r, err := seedfile.NewReader(file, seedfile.ReadOptions{})  // detects the format
//	for {
//		rec, err := r.Read()
//		if err == io.EOF { break }
//		…
//	}
//
// A file is a stream of [Record]. Only one record is in memory at a time, and a file of
// a million tokens takes no more memory than one of ten.
//
// No data is lost silently: [Format.Lost] returns the fields of a record that a format
// cannot carry, before it is written. Missing data is never invented: a missing period
// is [ErrNoPeriod], and not 30.
//
// [Servers] lists validation servers. A file can be written in the way that one of them
// reads it.
//
// [Formats] lists the formats. The definition of each documents its contents and the
// source for them. [OTPAuthURI], [QRPNG] and [QRText] bring a token into an
// authenticator app. No error or warning contains a part of a seed.
package seedfile
