// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// addedLot is a lot in the fleet: tokens that were added together, whose tags follow one
// another.
type addedLot struct {
	Name string `json:"name"` // its number, unless it was given a name
	Last uint32 `json:"last"` // the tag of its last token
}

// lotName is the form of a lot's name. It begins with a letter, unlike a number.
var lotName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]{0,59}$`)

func checkLotName(name string) error {
	if name != "" && !lotName.MatchString(name) {
		return fmt.Errorf("%w: name %q, want a letter, then up to 59 letters, digits, dots, dashes or underlines", ErrLot, name)
	}
	return nil
}

// nextLotLocked returns the lot that follows the newest. Without a name, its number is
// its name.
func (f *Fleet) nextLotLocked(name string, last uint32) addedLot {
	if name == "" {
		name = strconv.Itoa(len(f.lots) + 1)
	}
	return addedLot{name, last}
}

// Lot returns the name of the lot with which the token was added. The lots are numbered
// from 1, and the number is the name of a lot without one.
func (m Member) Lot() string {
	m.fleet.mu.RLock()
	defer m.fleet.mu.RUnlock()
	lots := m.fleet.lots
	i, _ := slices.BinarySearchFunc(lots, m.tag, func(l addedLot, tag uint32) int { return int(l.Last) - int(tag) })
	if i == len(lots) {
		return ""
	}
	return lots[i].Name
}

// Lots returns the names of the lots in the order in which they were added, each once.
// Tokens of a lot may have been removed since.
func (f *Fleet) Lots() []string {
	f.mu.RLock()
	defer f.mu.RUnlock()
	names, seen := []string{}, map[string]bool{}
	for _, l := range f.lots {
		if !seen[l.Name] {
			names, seen[l.Name] = append(names, l.Name), true
		}
	}
	return names
}

// lotSpan is where a lot's tags are.
type lotSpan struct {
	before uint32 // the tag before the first
	last   uint32
}

// lotSpans returns where the lots with a name or number are.
func (f *Fleet) lotSpans(name string) (spans []lotSpan, err error) {
	f.mu.RLock()
	lots := slices.Clone(f.lots)
	f.mu.RUnlock()
	number, err := strconv.Atoi(name)
	if err != nil {
		number = 0
	}
	first := uint32(0)
	for i, l := range lots {
		if l.Name == name || i+1 == number {
			spans = append(spans, lotSpan{first, l.Last})
		}
		first = l.Last
	}
	if spans == nil {
		return nil, fmt.Errorf("%w: there is no lot %q: %s", ErrNotFound, name, knownLots(lots))
	}
	return spans, nil
}

// knownLots lists the lots for an error.
func knownLots(lots []addedLot) string {
	const most = 20
	var names []string
	for _, l := range lots {
		if !slices.Contains(names, l.Name) {
			names = append(names, l.Name)
		}
		if len(names) == most {
			break
		}
	}
	if len(names) == 0 {
		return "the fleet has none"
	}
	return fmt.Sprintf("there are %d, such as %s", len(lots), strings.Join(names, ", "))
}
