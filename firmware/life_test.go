// SPDX-License-Identifier: Apache-2.0

package firmware_test

import (
	"bytes"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/token"
)

// frame returns a request as the bytes sent over the line.
func frame(op serialproto.Op, group serialproto.Group, command uint8, body any) []byte {
	raw, err := cbor.Marshal(body)
	if err != nil {
		panic(err)
	}
	h := serialproto.Header{Version: serialproto.Version2, Op: op, Group: group, Command: command, Seq: 7}
	return hosttest.Frame(h, raw)
}

// answer sends a request and returns the error in the token's only response: nil, an
// Err of the token's groups, or an RC.
func answer(t testing.TB, w *wire, request []byte) error {
	t.Helper()
	before := len(w.received)
	_, err := w.Write(request)
	require.NoError(t, err)
	w.pending = nil
	found := hosttest.Messages(w.received[before:])
	require.Len(t, found, 1, "answers")
	var a struct {
		RC  serialproto.RC `cbor:"rc"`
		Err *struct {
			Group int             `cbor:"group"`
			RC    serialproto.Err `cbor:"rc"`
		} `cbor:"err"`
	}
	require.NoError(t, cbor.Unmarshal(found[0][serialproto.HeaderSize:], &a))
	switch {
	case a.Err != nil:
		return a.Err.RC
	case a.RC != 0:
		return a.RC
	}
	return nil
}

type obj = map[string]any

// inState returns a machine in the given state, with its clock set.
func inState(t testing.TB, s serialproto.State) *machine {
	t.Helper()
	m := newMachine(t)
	m.valid = true
	p := payload(profile(t, "always-on-6"))
	if s == serialproto.StateExpired {
		p.Expiry, p.Ends = expiry(t, 2027, 1, 15), noon.Seconds()+60
	}
	switch s {
	case serialproto.StateBlank:
		m.step()
	case serialproto.StateProvisioned:
		m.program(t, p, false)
	case serialproto.StateLocked:
		m.program(t, p, true)
	case serialproto.StateExpired:
		m.program(t, p, true)
		m.advance(time.Minute)
	case serialproto.StateDead:
		m.program(t, p, true)
		m.valid = false
		m.step()
		m.valid = true
	case serialproto.StateWiped:
		m.program(t, p, true)
		c, _ := m.connect(t)
		require.NoError(t, c.Wipe(t.Context(), serial(t, testSerial)))
	}
	require.Equal(t, s, m.state())
	return m
}

const states = 6

// TestLifeCycle checks the table in PROTOCOL.md of the commands that are allowed in
// each state. From LOCKED on these are only identity, self-test, reset and wipe.
func TestLifeCycle(t *testing.T) {
	var ok error
	const (
		locked   = serialproto.ErrLocked
		dead     = serialproto.ErrDead
		notProv  = serialproto.ErrNotProvisioned
		already  = serialproto.ErrAlreadyProvisioned
		auth     = serialproto.ErrAuthentication
		mismatch = serialproto.ErrSerialMismatch
		denied   = serialproto.RCAccessDenied
		badState = serialproto.RCBadState
		unknown  = serialproto.RCUnsupported
	)
	const (
		osGroup, enum, tok, rig = serialproto.GroupOS, serialproto.GroupEnum, serialproto.GroupToken, serialproto.GroupRig
		read, write             = serialproto.OpRead, serialproto.OpWrite
	)
	none := obj{}
	garbage := obj{"sn": "1000043", "ctr": 0, "msg": bytes.Repeat([]byte{9}, 60)}
	table := []struct {
		name    string
		op      serialproto.Op
		group   serialproto.Group
		command uint8
		body    obj
		//                  BLANK PROV. LOCKED EXPIRED DEAD WIPED
		want [states]error
	}{
		{"echo", write, osGroup, serialproto.CmdOSEcho, obj{"d": "x"}, [states]error{ok, ok, ok, ok, ok, ok}},
		{"params", read, osGroup, serialproto.CmdOSParams, none, [states]error{ok, ok, ok, ok, ok, ok}},
		{"os info", read, osGroup, serialproto.CmdOSInfo, none, [states]error{ok, ok, ok, ok, ok, ok}},
		{"reset", write, osGroup, serialproto.CmdOSReset, none, [states]error{ok, ok, ok, ok, ok, ok}},
		{"datetime", read, osGroup, serialproto.CmdOSDatetime, none, [states]error{ok, ok, denied, denied, badState, ok}},
		{"set datetime", write, osGroup, serialproto.CmdOSDatetime, obj{"datetime": "2028-02-29T12:00:00"},
			[states]error{ok, ok, denied, denied, badState, ok}},
		{"groups", read, enum, serialproto.CmdEnumList, none, [states]error{ok, ok, ok, ok, ok, ok}},
		{"info", read, tok, serialproto.CmdTokenInfo, none, [states]error{ok, ok, ok, ok, ok, ok}},
		{"clock", read, tok, serialproto.CmdTokenClock, none, [states]error{ok, ok, locked, locked, dead, ok}},
		{"set clock", write, tok, serialproto.CmdTokenClock, obj{"ms": int64(noon) + 1},
			[states]error{ok, ok, locked, locked, dead, ok}},
		{"display", read, tok, serialproto.CmdTokenDisplay, none,
			[states]error{notProv, ok, locked, locked, dead, notProv}},
		{"prov begin", read, tok, serialproto.CmdTokenProvBegin, none,
			[states]error{ok, already, locked, locked, dead, ok}},
		{"prov commit for another serial", write, tok, serialproto.CmdTokenProvCommit, garbage,
			[states]error{auth, already, locked, locked, dead, auth}},
		{"lock", write, tok, serialproto.CmdTokenLock, none, [states]error{notProv, ok, ok, ok, dead, notProv}},
		{"self-test", write, tok, serialproto.CmdTokenSelfTest, none, [states]error{ok, ok, ok, ok, ok, ok}},
		{"uptime", read, tok, serialproto.CmdTokenSelfTest, none, [states]error{ok, ok, ok, ok, ok, ok}},
		{"wipe with another serial", write, tok, serialproto.CmdTokenWipe, obj{"sn": "1000043"},
			[states]error{notProv, mismatch, mismatch, mismatch, mismatch, mismatch}},
		{"wipe", write, tok, serialproto.CmdTokenWipe, obj{"sn": testSerial}, [states]error{notProv, ok, ok, ok, ok, ok}},
		{"reserved command", read, tok, 7, none, [states]error{unknown, unknown, unknown, unknown, unknown, unknown}},
		{"rig display", read, rig, serialproto.CmdRigDisplay, none,
			[states]error{unknown, unknown, unknown, unknown, unknown, unknown}},
		{"rig skew", write, rig, serialproto.CmdRigSkew, obj{"ms": 1},
			[states]error{unknown, unknown, unknown, unknown, unknown, unknown}},
	}
	for s, fresh := range [states]func() *machine{} {
		state := serialproto.State(s)
		fresh = func() *machine { return inState(t, state) }
		for _, row := range table {
			t.Run(fmt.Sprint(state, " ", row.name), func(t *testing.T) {
				m := fresh()
				_, w := m.connect(t)
				before, flash, clock := m.record(), m.flash.Image(), m.now
				require.Equal(t, row.want[s], answer(t, w, frame(row.op, row.group, row.command, row.body)))
				after := m.record()
				switch {
				case row.want[s] == auth: // the counter is burnt, and nothing else changes
					before.Counter++
					require.Equal(t, before.Meaning(), after.Meaning())
				case row.want[s] != ok:
					require.Equal(t, before, after)
					require.Equal(t, flash, m.flash.Image(), "a rejected command writes nothing")
					require.Equal(t, clock, m.now)
				case row.name == "lock" && state == serialproto.StateProvisioned:
					require.Equal(t, serialproto.StateLocked, after.State)
				case row.name == "wipe":
					require.Equal(t, serialproto.StateWiped, after.State)
				default:
					require.Equal(t, before, after)
				}
				c, _ := m.connect(t)
				info, err := c.Info(t.Context())
				require.NoError(t, err)
				require.Equal(t, m.state(), info.State, "the state in INFO")
			})
		}
	}
}

// TestResponsesContainNoSecrets sends every command of the protocol and some that do not
// exist to a locked token, and searches every byte of the responses for the seed and the
// codes.
func TestResponsesContainNoSecrets(t *testing.T) {
	bodies := []any{
		obj{}, obj{"ms": 5}, obj{"sn": "1000043"}, obj{"d": "x"}, obj{"format": "a"},
		obj{"sn": "1000043", "ctr": 0, "msg": bytes.Repeat([]byte{1}, 90)},
		obj{"datetime": "2027-01-15T08:00:00"}, obj{"index": 0},
	}
	groups := []serialproto.Group{serialproto.GroupOS, 1, serialproto.GroupEnum, serialproto.GroupToken, serialproto.GroupRig}
	for _, state := range []serialproto.State{serialproto.StateLocked, serialproto.StateExpired, serialproto.StateDead} {
		m := inState(t, state)
		_, w := m.connect(t)
		for _, group := range groups {
			for command := range uint8(12) {
				for _, op := range []serialproto.Op{serialproto.OpRead, serialproto.OpWrite} {
					for _, body := range bodies {
						_, err := w.Write(frame(op, group, command, body))
						require.NoError(t, err)
					}
				}
			}
		}
		require.Equal(t, state, m.state(), "the requests must not change the state")
		answers := hosttest.Messages(w.received)
		require.Greater(t, len(answers), 900)
		sent := bytes.Join(answers, nil)
		needles := map[string]string{
			"seed": string(secret[:4]), "hex": hex.EncodeToString(secret[:4]),
			"base32": base32.StdEncoding.EncodeToString(secret[:5]),
		}
		p := profile(t, "always-on-6")
		for i := range int64(5) {
			step := p.StepAtMilli(m.now) - 2 + i
			needles[fmt.Sprint("code of step ", step)] = string(token.AppendCode(nil, secret, p.Algorithm, 6, step))
		}
		for what, needle := range needles {
			require.NotContains(t, string(sent), needle, "%v: %s", state, what)
		}
		require.Contains(t, string(sent), testSerial, "the search must find the serial number")
	}
}
