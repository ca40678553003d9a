// SPDX-License-Identifier: Apache-2.0

//go:build unix

package line_test

import (
	"testing"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/line/linetest"
	"github.com/d204ef64/fob/serialproto/host"
)

// TestChild is not a test: it is a station that other tests kill.
func TestChild(t *testing.T) { linetest.Child(t) }

// pluggable is a virtual token as a campaign handles it.
type pluggable struct {
	*bench
	fleet.Member
	port *fleet.Port // nil: it is not plugged in
}

func (p *pluggable) HardwareID() host.HardwareID { return p.Token.HardwareID() }
func (p *pluggable) Plug(addr string)            { p.port = p.attach(p.Member, addr) }

func (p *pluggable) Unplug() {
	if p.port != nil {
		p.pull(p.port)
		p.port = nil
	}
}

// TestKill kills a station at random moments while virtual tokens are programmed. FOB_KILLS
// is the number of kills.
func TestKill(t *testing.T) {
	b := newBench(t, append(quick, "count: 10", "count: 50000", "ZZFB00000012", "ZZFB00099999")...)
	b.close()
	c := linetest.Campaign{
		Rig: b.rig, Sockets: 6, Kills: linetest.Kills(t, 12), Events: 60,
		New: func() linetest.Device { return &pluggable{bench: b, Member: b.device()} },
	}
	c.Run(t)
	b.rig.Check(t, b.finals())
}

// finals returns all devices.
func (b *bench) finals() (list []linetest.Final) {
	for m := range b.fleet.All(0) {
		seed, _ := m.Token.Secrets()
		serial, _ := m.Token.BackLabel()
		list = append(list, linetest.Final{
			HardwareID: m.Token.HardwareID(), State: m.Token.State(), Serial: serial,
			Has: func(s []byte) bool { return !seed.IsZero() && string(seed.Bytes()) == string(s) },
		})
	}
	return list
}
