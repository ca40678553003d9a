// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/virtual"
)

// States returns all states of a token, in the order of its life.
func States() []serialproto.State {
	var states []serialproto.State
	for st := serialproto.StateBlank; st <= serialproto.StateWiped; st++ {
		states = append(states, st)
	}
	return states
}

// ParseState returns the state with a name in upper or lower case. The error lists
// the names.
func ParseState(name string) (serialproto.State, error) {
	for _, st := range States() {
		if strings.EqualFold(st.String(), name) {
			return st, nil
		}
	}
	return 0, unknownName("state", name, namesOf(States()))
}

// ParseEvent returns the kind of event with a name in upper or lower case. The error lists
// the names.
func ParseEvent(name string) (virtual.EventKind, error) {
	for _, k := range virtual.EventKinds() {
		if strings.EqualFold(k.String(), name) {
			return k, nil
		}
	}
	return 0, unknownName("event", name, namesOf(virtual.EventKinds()))
}

// Crystals returns the names of the kinds of crystal of a lot.
func Crystals() []string {
	return []string{CrystalModel, CrystalPerfect, CrystalGood, CrystalC200, CrystalUntrimmed}
}

// Profiles returns the names of the profiles of a lot.
func Profiles() []string {
	var names []string
	for _, p := range token.Profiles() {
		names = append(names, p.Name)
	}
	return names
}

// checkName returns an error unless the name is one of those that exist.
func checkName(what, name string, names []string) error {
	for _, n := range names {
		if n == name {
			return nil
		}
	}
	return unknownName(what, name, names)
}

func unknownName(what, name string, names []string) error {
	return errclass.With(errclass.Usage, fmt.Errorf("there is no %s %q: there are %s", what, name, strings.Join(names, ", ")))
}

// namesOf returns the texts of values.
func namesOf[T fmt.Stringer](values []T) []string {
	var names []string
	for _, v := range values {
		names = append(names, v.String())
	}
	return names
}
