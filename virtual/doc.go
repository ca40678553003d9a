// SPDX-License-Identifier: Apache-2.0

// Package virtual runs tokens: the firmware of package firmware on a modelled
// crystal, cell, glass, flash memory, button and serial line.
//
// A [World] holds the clock and the chance that its tokens share. Make a
// [Token] with [World.NewToken], program it with [Token.Program] or over the
// wire, then [Token.Press] its button and look at its [Token.Display].
//
// There are three ways to move time: [World.Advance] moves the world,
// [Token.Skew] one token's clock, and [Token.Age] makes one token older while
// the world stays where it is. All of it is arithmetic: ten years cost what ten
// seconds cost, and nothing runs while nobody looks.
//
// [Token.Serve] carries bytes between a token and a port of package
// serialproto/port, over a line with faults if wanted. A [Snapshot] is a token
// put aside.
package virtual
