// SPDX-License-Identifier: Apache-2.0

// Package host talks to a token, virtual or real, over any connection:
// [New] a [Client] on a port of package serialproto/port, then call what the
// token can do.
//
//	p, err := port.Open(ctx, "/dev/ttyACM0")
//	c := host.New(p)
//	info, err := c.Info(ctx)
//
// Every call has a deadline and is sent again a few times when no answer comes.
// That is safe: what a token does not do twice by nature carries a counter or a
// number by which the token knows a repetition.
//
// A refusal is a [*RefusedError], which wraps the token's reason
// (serialproto.ErrLocked and so on); silence is [ErrTimeout]; an answer that
// makes no sense is [ErrProtocol]; a token that cannot prove that it holds the
// seed is [ErrVerify].
package host
