// SPDX-License-Identifier: Apache-2.0

package host

import (
	"time"

	"github.com/d204ef64/fob/serialproto"
)

// DefaultTimeout is how long a Client waits for the answer to most commands; see
// [AnswerTime].
const DefaultTimeout = time.Second

// slowCommands has the commands that may take longer (PROTOCOL.md section 10): a slow processor
// needs seconds to compute X25519, and a flash must erase pages.
var slowCommands = map[command]time.Duration{
	{serialproto.GroupToken, serialproto.OpRead, serialproto.CmdTokenProvBegin}:   5 * time.Second,
	{serialproto.GroupToken, serialproto.OpWrite, serialproto.CmdTokenProvCommit}: 15 * time.Second,
	{serialproto.GroupToken, serialproto.OpWrite, serialproto.CmdTokenLock}:       5 * time.Second,
	{serialproto.GroupToken, serialproto.OpWrite, serialproto.CmdTokenSelfTest}:   10 * time.Second,
	{serialproto.GroupToken, serialproto.OpWrite, serialproto.CmdTokenWipe}:       5 * time.Second,
}

type command struct {
	group serialproto.Group
	op    serialproto.Op
	id    uint8
}

// AnswerTime returns how long a device may take to answer a command (PROTOCOL.md,
// section 10). A Client waits for that time unless it was created with WithTimeout.
func AnswerTime(group serialproto.Group, op serialproto.Op, id uint8) time.Duration {
	if d, ok := slowCommands[command{group, op, id}]; ok {
		return d
	}
	return DefaultTimeout
}
