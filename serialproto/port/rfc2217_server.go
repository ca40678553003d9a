// SPDX-License-Identifier: Apache-2.0

package port

import (
	"encoding/binary"
	"net"
)

// telnetServer is the access server side of RFC 2217: the device's side.
type telnetServer struct{ *telnetPort }

var _ Port = (*telnetServer)(nil)

func newTelnetServer(conn net.Conn, addr string) *telnetServer {
	s := &telnetServer{}
	ready := false // the modem state has been sent once
	s.telnetPort = newTelnetPort(conn, addr, s.command, func(option byte) {
		if option == optComPort && !ready && s.options.them[optComPort] == optionOn {
			ready = true
			s.sendSubLocked(comNotifyModem+serverOffset, []byte{modemReady})
		}
	})
	// The client must start the negotiation of the option. If we asked first, pyserial
	// would sometimes take the request for an answer and never offer the option.
	s.run(false)
	return s
}

// command executes one request and acknowledges it with the value in force.
func (s *telnetServer) command(code byte, value []byte) {
	s.mu.Lock()
	if answer, ok := s.applyLocked(code, value); ok {
		s.sendSubLocked(code+serverOffset, answer)
	}
	s.unlockAndSend()
}

func (s *telnetServer) applyLocked(code byte, value []byte) (answer []byte, ok bool) {
	switch code {
	case comSignature:
		return []byte(signature), len(value) == 0 // with text, it is the client's own signature
	case comBaudRate:
		if len(value) != 4 {
			return nil, false
		}
		if baud := binary.BigEndian.Uint32(value); baud != 0 && baud <= maxBaud {
			s.line.Baud = int(baud)
		}
		return binary.BigEndian.AppendUint32(nil, uint32(s.line.Baud)), true
	case comNotifyModem:
		return []byte{modemReady}, true // a poll; pyserial sends it with poll_modem
	case comFlowSuspend, comFlowResume:
		return nil, false // TCP provides enough flow control
	}
	if len(value) != 1 {
		return nil, false
	}
	v := value[0]
	switch code {
	case comDataSize:
		if v >= 5 && v <= 8 {
			s.line.DataBits = int(v)
		}
		return []byte{byte(s.line.DataBits)}, true
	case comParity:
		if v >= byte(ParityNone) && v <= byte(ParitySpace) {
			s.line.Parity = Parity(v)
		}
		return []byte{byte(s.line.Parity)}, true
	case comStopSize:
		if v >= 1 && v <= 3 {
			s.line.StopBits = int(v)
		}
		return []byte{byte(s.line.StopBits)}, true
	case comControl:
		return []byte{s.controlLocked(v)}, true
	case comLineStateMask, comModemMask:
		return value, true // neither state ever changes, so there is nothing to mask
	case comPurge:
		// The bytes to the client have been sent already; only the other direction has
		// bytes to discard.
		if v == purgeToDevice || v == purgeBoth {
			s.in.discard()
		}
		return value, true
	}
	return nil, false
}

func (s *telnetServer) controlLocked(v byte) byte {
	switch v {
	case controlAskFlow:
		return controlNoFlow
	case controlAskInFlow:
		return controlNoInFlow
	case controlAskBreak:
		return choose(s.line.Break, controlBreakOn, controlBreakOff)
	case controlBreakOn, controlBreakOff:
		s.line.Break = v == controlBreakOn
	case controlAskDTR:
		return choose(s.line.DTR, controlDTROn, controlDTROff)
	case controlDTROn, controlDTROff:
		s.line.DTR = v == controlDTROn
	case controlAskRTS:
		return choose(s.line.RTS, controlRTSOn, controlRTSOff)
	case controlRTSOn, controlRTSOff:
		s.line.RTS = v == controlRTSOn
	}
	return v // flow control is accepted but has no effect, because there is no wire
}

func choose(on bool, yes, no byte) byte {
	if on {
		return yes
	}
	return no
}
