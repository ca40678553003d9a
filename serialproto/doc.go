// SPDX-License-Identifier: Apache-2.0

// Package serialproto is the wire between a token and its host: the device
// side of SMP over console, and what both sides share. PROTOCOL.md beside this
// file is normative; its hex examples run as tests.
//
// The layers, each in a file of its own:
//
//   - console.go: lines of at most 127 bytes, base64, CRC-16 ([Deframer], [Framer])
//   - header.go: the SMP header, groups, commands and status codes
//   - cbor.go: the subset of CBOR that the messages use ([Encoder], [Decoder])
//   - messages.go: what the token's own groups carry
//   - noise.go: opening a provisioning message
//   - server.go: a [Server] that answers requests for a [Device]
//
// A device calls [Server.Step] with its serial line. A host uses package
// serialproto/host, and package serialproto/port to open the connection.
//
// The package polls: no goroutine, no wall clock, buffers of fixed size.
// Nothing that a device calls allocates, except the standard library's
// cryptography in [Open] and its siblings in noise.go.
package serialproto
