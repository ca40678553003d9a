// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"slices"

	"github.com/d204ef64/fob/virtual"
)

// FaultKind is a kind of fault of a token or of the line of one of its ports.
type FaultKind string

// The kinds of fault.
const (
	FaultDead     FaultKind = "dead"         // a segment of the display is never on
	FaultGhost    FaultKind = "ghost"        // a segment of the display is always on
	FaultFlash    FaultKind = "flash_fail"   // the next flash operation fails
	FaultPowerCut FaultKind = "power_cut_at" // the supply fails in a flash operation
	FaultLine     FaultKind = "line"         // the line of a port has a fault
)

// FaultKinds returns all kinds of fault.
func FaultKinds() []FaultKind {
	return []FaultKind{FaultDead, FaultGhost, FaultFlash, FaultPowerCut, FaultLine}
}

// String returns the name of the kind.
func (k FaultKind) String() string { return string(k) }

// ParseFault returns the kind of fault with a name. The error lists the names.
func ParseFault(name string) (FaultKind, error) {
	if i := slices.Index(FaultKinds(), FaultKind(name)); i >= 0 {
		return FaultKinds()[i], nil
	}
	return "", unknownName("fault", name, namesOf(FaultKinds()))
}

// MayHaveFaults reports whether the token or one of its lines may have a fault. It costs
// little, and is false for most tokens; see [virtual.Token.MayHaveFaults].
func (m Member) MayHaveFaults() bool { return m.Token.MayHaveFaults() || len(m.FaultyLines()) > 0 }

// FaultyLines returns the ports of the token whose lines have faults.
func (m Member) FaultyLines() []*Port {
	return slices.DeleteFunc(m.Ports(), func(p *Port) bool {
		in, out := p.faults.Get()
		in.Seed, out.Seed = 0, 0 // a seed alone does nothing
		return in == virtual.LineFaults{} && out == virtual.LineFaults{}
	})
}

// Faults returns the kinds of fault that the token has in a state.
func (m Member) Faults(s State) (kinds []FaultKind) {
	f := s.Reading.Faults
	add := func(kind FaultKind, has bool) {
		if has {
			kinds = append(kinds, kind)
		}
	}
	add(FaultDead, f.Dead != virtual.Segments{})
	add(FaultGhost, f.Ghost != virtual.Segments{})
	add(FaultFlash, f.FlashFail)
	add(FaultPowerCut, f.PowerCutAt > 0)
	add(FaultLine, len(m.FaultyLines()) > 0)
	return kinds
}
