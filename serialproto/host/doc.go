// SPDX-License-Identifier: Apache-2.0

// Package host talks to a token, virtual or real, over any connection. [New] returns a
// [Client] on a port of package serialproto/port. Its methods are the token's commands.
//
//	p, err := port.Open(ctx, "/dev/ttyACM0")
//	c := host.New(p)
//	info, err := c.Info(ctx)
//
// Every call has a time limit, and is repeated a few times if there is no answer.
// Repeating is safe: a command that must not be executed twice carries a counter or a
// nonce, by which the token recognises a repetition.
//
// A refusal is a [*RefusedError], which wraps the token's reason (serialproto.ErrLocked
// and so on). If there is no answer, the error is [ErrTimeout]; if the answer is
// invalid, it is [ErrProtocol]; if a token cannot prove that it holds the seed, it is
// [ErrVerify].
package host
