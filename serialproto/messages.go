// SPDX-License-Identifier: Apache-2.0

package serialproto

import "github.com/d204ef64/fob/token"

// ProtocolVersion is the version of the token's own groups, reported in Info. It
// increases only if an older host would misread a change; new keys do not count.
const ProtocolVersion = 1

// Info has the public information about a token. It is available in every state.
type Info struct {
	HardwareID [8]byte
	Serial     token.Serial // zero until provisioned
	Model      string
	Firmware   string
	State      State
	Expiry     token.Expiry // zero: none
	Presses    uint32
	Supply     int32 // millivolts
	ClockSet   bool
}

func (m *Info) encode(e *Encoder, errors *FramingErrors) {
	pairs := 10
	if !m.Expiry.IsZero() {
		pairs++
	}
	var b [token.MaxSerialLen]byte
	e.Map(pairs)
	e.key("hw").Bytes(m.HardwareID[:])
	e.key("sn").TextBytes(m.Serial.AppendTo(b[:0]))
	e.key("model").Text(m.Model)
	e.key("fw").Text(m.Firmware)
	e.key("proto").Uint(ProtocolVersion)
	e.key("state").Uint(uint64(m.State))
	if !m.Expiry.IsZero() {
		e.key("exp").Int(int64(m.Expiry.Days()))
	}
	e.key("presses").Uint(uint64(m.Presses))
	e.key("mv").Int(int64(m.Supply))
	e.key("clk").Bool(m.ClockSet)
	e.key("drops").Array(7)
	for _, n := range [...]uint32{errors.Line, errors.Base64, errors.Stray, errors.Size, errors.CRC, errors.Header, errors.Timeout} {
		e.Uint(uint64(n))
	}
}

// Display is the code of the present step.
type Display struct {
	Code [8]byte
	Size int   // digits in Code
	Step int64 // RFC 6238's T
	Left int64 // milliseconds until the step ends, by the token's clock
}

// Begin has the values that a station needs to address a provisioning message.
type Begin struct {
	PublicKey [32]byte // the device's X25519 key
	Counter   uint32   // value for the next commit
}

// Commit is a provisioning message.
type Commit struct {
	Serial  token.Serial
	Counter uint32
	Message []byte // Noise_K; aliases the receive buffer
}

func (m *Commit) decode(d *Decoder) {
	pairs := d.Map()
	for d.Next(&pairs) {
		switch key := d.TextBytes(); {
		case keyIs(key, "sn"):
			m.Serial = serialOf(d)
		case keyIs(key, "ctr"):
			m.Counter = uint32(d.Uint(1<<32 - 1))
		case keyIs(key, "msg"):
			m.Message = d.Bytes()
		default:
			d.Skip()
		}
	}
}

// serialOf reads a serial number. A malformed one makes the message invalid.
func serialOf(d *Decoder) token.Serial {
	text := d.TextBytes()
	if !isSerial(text) {
		d.fail()
		return token.Serial{}
	}
	s, err := token.SerialFromBytes(text)
	if err != nil {
		d.fail()
	}
	return s
}

// isSerial checks a serial number before [token.SerialFromBytes] does, because that
// function would allocate its error.
func isSerial(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' {
			return false
		}
	}
	return len(text) > 0 && len(text) <= token.MaxSerialLen
}

// Payload is the content of a provisioning message.
type Payload struct {
	Seed    []byte // aliases the decrypted message
	Profile token.Profile
	Expiry  token.Expiry      // zero: none
	Ends    token.UnixSeconds // first second at which the token is expired; 0 without an Expiry
	Clock   token.UnixMilli   // time to which the token's clock is set
}

// Decode parses a decrypted payload, and reports whether it is well formed. It does not
// validate the profile.
func (m *Payload) Decode(plain []byte) bool {
	*m = Payload{}
	d := NewDecoder(plain)
	hasClock := false
	pairs := d.Map()
	for d.Next(&pairs) {
		switch key := d.TextBytes(); {
		case keyIs(key, "seed"):
			m.Seed = d.Bytes()
		case keyIs(key, "alg"):
			m.Profile.Algorithm = token.Algorithm(d.Uint(255))
		case keyIs(key, "dig"):
			m.Profile.Digits = uint8(d.Uint(255))
		case keyIs(key, "step"):
			m.Profile.Step = token.UnixSeconds(d.Uint(1<<31 - 1))
		case keyIs(key, "t0"):
			m.Profile.T0 = token.UnixSeconds(d.Int())
		case keyIs(key, "beh"):
			decodeBehaviour(&d, &m.Profile.Behaviour)
		case keyIs(key, "exp"):
			var err error
			m.Expiry, err = token.ExpiryFromDays(int32(d.Uint(1<<31 - 1)))
			if err != nil {
				return false
			}
		case keyIs(key, "end"):
			m.Ends = token.UnixSeconds(d.Int())
		case keyIs(key, "clk"):
			m.Clock = token.UnixMilli(d.Int())
			hasClock = true
		default:
			d.Skip()
		}
	}
	return d.Done() && hasClock && m.Expiry.IsZero() == (m.Ends == 0)
}

// decodeBehaviour reads the array of small integers that encodes a token.Behaviour, in
// the order of its fields. It skips further items.
func decodeBehaviour(d *Decoder, b *token.Behaviour) {
	items := d.Array()
	for at := 0; d.Next(&items); at++ {
		switch at {
		case 0:
			b.Button = d.Uint(1) == 1
		case 1:
			b.UntilStepEnd = d.Uint(1) == 1
		case 2:
			b.ShowSeconds = uint8(d.Uint(255))
		case 3:
			b.PressLimit = uint16(d.Uint(1<<16 - 1))
		case 4:
			b.LowPercent = uint8(d.Uint(100))
		case 5:
			b.Expiry = token.ExpiryPolicy(d.Uint(255))
		case 6:
			b.BlankDelayDays = uint8(d.Uint(255))
		case 7:
			b.ClockLossErases = d.Uint(1) == 1
		case 8:
			b.Bars = uint8(d.Uint(255))
		case 9:
			b.LimitEnds = d.Uint(1) == 1
		default:
			d.Skip()
		}
	}
}

// RigRequest is a command of the rig group.
type RigRequest struct {
	Nonce uint32 // the same command with the same nonce as before is not executed again; 0: no nonce
	Value int64  // ms, mV, 1/1000 °C or the operation's number, depending on the command
}

// rigKeys has the key of each command's value, "" for commands without a value.
var rigKeys = [...]string{
	CmdRigPress:       "",
	CmdRigHold:        "ms",
	CmdRigDisplay:     "",
	CmdRigSupply:      "mv",
	CmdRigTemperature: "mc",
	CmdRigSkew:        "ms",
	CmdRigPowerCut:    "op",
}

// decode reads a command whose value has the given key. A missing value makes the
// message invalid, because 0 mV would be a request to remove the battery.
func (m *RigRequest) decode(d *Decoder, key string) {
	found := key == ""
	pairs := d.Map()
	for d.Next(&pairs) {
		switch name := d.TextBytes(); {
		case keyIs(name, "n"):
			m.Nonce = uint32(d.Uint(1<<32 - 1))
		case key != "" && keyIs(name, key):
			m.Value, found = d.Int(), true
		default:
			d.Skip()
		}
	}
	if !found {
		d.fail()
	}
}

// RigDisplay is the content of the LCD, in any state, as one atomic reading.
type RigDisplay struct {
	Digits   [8]uint8 // segments, gfedcba
	Size     int      // number of digit positions of the LCD
	Text     [8]byte
	Bars     uint8
	Icons    uint8
	State    State
	Now      token.UnixMilli // the token's clock
	ClockSet bool
	Step     int64
	Left     int64 // milliseconds until the step ends
	HasWorld bool  // the device is in a virtual world, whose time may differ from the host's
	World    token.UnixMilli
}

func (m *RigDisplay) encode(e *Encoder) {
	if m.HasWorld {
		e.Map(10)
		e.key("world").Int(int64(m.World))
	} else {
		e.Map(9)
	}
	e.key("text").TextBytes(m.Text[:m.Size])
	e.key("seg").Bytes(m.Digits[:m.Size])
	e.key("bars").Uint(uint64(m.Bars))
	e.key("icons").Uint(uint64(m.Icons))
	e.key("state").Uint(uint64(m.State))
	e.key("now").Int(int64(m.Now))
	e.key("clk").Bool(m.ClockSet)
	e.key("step").Int(m.Step)
	e.key("left").Int(m.Left)
}
