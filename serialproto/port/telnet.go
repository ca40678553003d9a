// SPDX-License-Identifier: Apache-2.0

package port

import "bytes"

// Telnet commands (RFC 854) and options.
const (
	telSE   = 240
	telSB   = 250
	telWILL = 251
	telWONT = 252
	telDO   = 253
	telDONT = 254
	telIAC  = 255

	optBinary  = 0  // RFC 856
	optSGA     = 3  // RFC 858
	optComPort = 44 // RFC 2217
)

// maxSubnegotiation limits how many bytes a peer can make us store. The longest
// subnegotiation that RFC 2217 needs is a signature.
const maxSubnegotiation = 1024

// telnetDecoder separates data from commands. The result does not depend on how the
// input is divided.
type telnetDecoder struct {
	state telnetState
	verb  byte
	sub   []byte

	onOption func(verb, option byte)
	onSub    func(sub []byte) // without IAC SB and IAC SE, escapes removed
}

type telnetState uint8

const (
	inData telnetState = iota
	afterIAC
	afterVerb
	inSub
	inSubAfterIAC
)

// decode appends the data bytes of in to data. Carriage returns are not changed: both
// sides agree on BINARY, and the peers that refuse it do not insert NULs.
func (d *telnetDecoder) decode(data, in []byte) []byte {
	for _, b := range in {
		switch d.state {
		case inData:
			if b == telIAC {
				d.state = afterIAC
			} else {
				data = append(data, b)
			}
		case afterIAC:
			d.state = inData
			switch b {
			case telIAC:
				data = append(data, telIAC)
			case telWILL, telWONT, telDO, telDONT:
				d.verb, d.state = b, afterVerb
			case telSB:
				d.sub, d.state = d.sub[:0], inSub
			} // NOP, AYT, break and others have no meaning for a token
		case afterVerb:
			d.state = inData
			d.onOption(d.verb, b)
		case inSub:
			if b == telIAC {
				d.state = inSubAfterIAC
			} else {
				d.appendSub(b)
			}
		case inSubAfterIAC:
			d.state = inSub
			switch b {
			case telIAC:
				d.appendSub(telIAC)
			case telSE:
				d.state = inData
				d.onSub(d.sub)
			} // anything else is an error of the peer: ignore it and wait for SE
		}
	}
	return data
}

func (d *telnetDecoder) appendSub(b byte) {
	if len(d.sub) < maxSubnegotiation {
		d.sub = append(d.sub, b)
	}
}

// escapeIAC doubles every 0xFF.
func escapeIAC(p []byte) []byte {
	return bytes.ReplaceAll(p, []byte{telIAC}, []byte{telIAC, telIAC})
}

// optionState is the state of one option on one side of the connection. It is the state
// machine of RFC 1143 without the queue bits, because we never change a decision.
type optionState uint8

const (
	optionOff optionState = iota
	optionAsked
	optionOn
	optionRefused
)

// telnetOptions negotiates the options. It answers each change once, so two such peers
// cannot answer one another for ever.
type telnetOptions struct {
	us, them map[byte]optionState
	send     func(verb, option byte)
}

func newTelnetOptions(send func(verb, option byte)) *telnetOptions {
	return &telnetOptions{us: map[byte]optionState{}, them: map[byte]optionState{}, send: send}
}

// offer sends WILL, and ask sends DO.
func (o *telnetOptions) offer(option byte) {
	o.us[option] = optionAsked
	o.send(telWILL, option)
}

func (o *telnetOptions) ask(option byte) {
	o.them[option] = optionAsked
	o.send(telDO, option)
}

// handle processes the peer's command about an option.
func (o *telnetOptions) handle(verb, option byte) {
	switch verb {
	case telDO:
		turnOn(o.us, option, o.send, telWILL, telWONT)
	case telDONT:
		turnOff(o.us, option, o.send, telWONT)
	case telWILL:
		turnOn(o.them, option, o.send, telDO, telDONT)
	case telWONT:
		turnOff(o.them, option, o.send, telDONT)
	}
}

func turnOn(side map[byte]optionState, option byte, send func(verb, option byte), yes, no byte) {
	if option != optBinary && option != optSGA && option != optComPort {
		send(no, option)
		return
	}
	if s := side[option]; s != optionAsked && s != optionOn {
		send(yes, option)
	}
	side[option] = optionOn
}

func turnOff(side map[byte]optionState, option byte, send func(verb, option byte), no byte) {
	if side[option] == optionOn {
		send(no, option)
	}
	if option == optBinary || option == optSGA || option == optComPort {
		side[option] = optionRefused
	}
}
