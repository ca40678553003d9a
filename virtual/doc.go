// SPDX-License-Identifier: Apache-2.0

// Package virtual runs tokens in software: the firmware of package firmware on a model
// of the crystal, battery, LCD, flash memory, button and serial line.
//
// A [World] holds the clock and the random source that its tokens share. Create a
// [Token] with [World.NewToken] and program it with [Token.Program] or over the wire.
// Then [Token.Press] its button and read its [Token.Display].
//
// There are three ways to move time. [World.Advance] moves the world, [Token.Skew]
// moves one token's clock, and [Token.Age] makes one token older while the world stands
// still. All three are computed: ten years take as long as ten seconds, and a token
// uses no processor time between calls.
//
// [Token.Serve] carries bytes between a token and a port of package serialproto/port,
// optionally over a line with faults. A [Snapshot] stores a token's complete state.
package virtual
