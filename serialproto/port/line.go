// SPDX-License-Identifier: Apache-2.0

package port

// Parity is the parity bit of a serial line, numbered as in RFC 2217.
type Parity uint8

// Parities.
const (
	ParityNone Parity = iota + 1
	ParityOdd
	ParityEven
	ParityMark
	ParitySpace
)

// Line holds the settings that a host has made at its end of a serial line.
type Line struct {
	Baud     int
	DataBits int
	Parity   Parity
	StopBits int // 1 or 2; 3 means one and a half, as in RFC 2217
	DTR, RTS bool
	Break    bool
}

// default8N1 has the initial settings of every line, which [Open] also requests.
var default8N1 = Line{Baud: 115200, DataBits: 8, Parity: ParityNone, StopBits: 1, DTR: true, RTS: true}

// liner is a Port with line settings.
type liner interface{ Line() (Line, bool) }

// LineOf returns the line settings in force on p. On a served PTY or RFC 2217 port they
// are the host's choice; on an RFC 2217 port that was opened they are the values that
// the server granted. Other Ports have none, and LineOf returns false. A PTY does not
// carry DTR, RTS or break.
func LineOf(p Port) (Line, bool) {
	if l, ok := p.(liner); ok {
		return l.Line()
	}
	return Line{}, false
}
