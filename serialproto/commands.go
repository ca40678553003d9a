// SPDX-License-Identifier: Apache-2.0

package serialproto

import "github.com/d204ef64/fob/token"

// Commands of the OS group.
const (
	CmdOSEcho     = 0
	CmdOSDatetime = 4
	CmdOSReset    = 5
	CmdOSParams   = 6
	CmdOSInfo     = 7
)

// Commands of the enumeration group.
const (
	CmdEnumCount   = 0
	CmdEnumList    = 1
	CmdEnumSingle  = 2
	CmdEnumDetails = 3
)

// Commands of the token group.
const (
	CmdTokenInfo       = 0
	CmdTokenClock      = 1
	CmdTokenDisplay    = 2
	CmdTokenProvBegin  = 3
	CmdTokenProvCommit = 4
	CmdTokenLock       = 5
	CmdTokenSelfTest   = 6
	CmdTokenWipe       = 8 // 7 is reserved
)

// Commands of the rig group.
const (
	CmdRigPress       = 0
	CmdRigHold        = 1
	CmdRigDisplay     = 2
	CmdRigSupply      = 3
	CmdRigTemperature = 4
	CmdRigSkew        = 5
	CmdRigPowerCut    = 6
)

// Device is the token behind a [Server]. A method that returns an error leaves the
// token's stored state unchanged, except for a provisioning counter that has been used
// up.
type Device interface {
	Info(m *Info)
	Clock() (t token.UnixMilli, set bool, e Status)
	SetClock(t token.UnixMilli) Status
	Display(m *Display) Status
	ProvBegin(m *Begin) Status
	// ProvCommit returns the proof that the device holds the seed.
	ProvCommit(m *Commit) (confirmation [32]byte, e Status)
	Lock() Status
	// Uptime is answered in every state: it reveals nothing about the clock, which a
	// LOCKED token hides.
	Uptime() Uptime
	SelfTest(m *SelfTest) Status
	// Wipe destroys the seed of the token with this serial number.
	Wipe(serial token.Serial) Status
	// Reset restarts the device. It is called after the answer has been sent.
	Reset()
	// HasRig reports whether the rig group exists.
	HasRig() bool
	Rig(command uint8, m *RigRequest) Status
	RigDisplay(m *RigDisplay)
}
