// SPDX-License-Identifier: Apache-2.0

// Package serialproto implements the protocol between a token and its host: the device
// side of SMP over console, and the parts that both sides share. PROTOCOL.md in this
// folder is normative; its hex examples run as tests.
//
// Each layer has its own file:
//
//   - console.go: lines of at most 127 bytes, base64, CRC-16 ([Deframer], [Framer])
//   - header.go: the SMP header, groups, commands and status codes
//   - cbor.go: the subset of CBOR that the messages use ([Encoder], [Decoder])
//   - messages.go: the messages of the token's own groups
//   - noise.go: opening a provisioning message
//   - server.go: a [Server] that answers requests for a [Device]
//
// A device calls [Server.Step] with its serial line. A host uses package
// serialproto/host, and package serialproto/port to open the connection.
//
// The package works by polling: it has no goroutines, does not read the wall clock, and
// has buffers of fixed size. Functions for devices do not allocate, except for the
// standard library's cryptography in [Open] and the other functions of noise.go.
package serialproto
