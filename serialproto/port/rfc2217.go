// SPDX-License-Identifier: Apache-2.0

package port

// COM-PORT-OPTION commands from client to access server, RFC 2217 section 3. The
// server's answer has the same code plus serverOffset.
//
//	IAC SB 44 | code | value … | IAC SE        (0xFF in value is doubled)
const (
	comSignature     = 0
	comBaudRate      = 1 // 4 bytes, big-endian; 0 requests the present value, also in the next three
	comDataSize      = 2 // 1 byte: 5 to 8
	comParity        = 3 // 1 byte: 1 none, 2 odd, 3 even, 4 mark, 5 space
	comStopSize      = 4 // 1 byte: 1, 2, or 3 for one and a half
	comControl       = 5 // 1 byte, see below
	comNotifyLine    = 6
	comNotifyModem   = 7
	comFlowSuspend   = 8
	comFlowResume    = 9
	comLineStateMask = 10
	comModemMask     = 11
	comPurge         = 12 // 1 byte: 1 towards the client, 2 towards the device, 3 both

	serverOffset = 100
)

// Values of comControl, RFC 2217 section 3 SET-CONTROL.
const (
	controlAskFlow   = 0
	controlNoFlow    = 1
	controlAskBreak  = 4
	controlBreakOn   = 5
	controlBreakOff  = 6
	controlAskDTR    = 7
	controlDTROn     = 8
	controlDTROff    = 9
	controlAskRTS    = 10
	controlRTSOn     = 11
	controlRTSOff    = 12
	controlAskInFlow = 13
	controlNoInFlow  = 14
)

const (
	purgeToDevice = 2
	purgeBoth     = 3
)

// modemReady is the modem state of a connected token: carrier, DSR and CTS.
const modemReady = 0x80 | 0x20 | 0x10

// signature is the answer to a client that asks for the server's signature.
const signature = "virtual OTP token"

// maxBaud is the largest baud rate accepted; it fits in an int on 32-bit systems.
const maxBaud = 1 << 30
