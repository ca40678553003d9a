// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/token"
)

// ErrAmbiguous is the error of a serial number that several tokens have, such as a token
// and its fork.
var ErrAmbiguous = errclass.New(errclass.Refused, "ambiguous serial number")

// Find returns the token with a serial number or, in 16 hexadecimal digits, a hardware
// id. A hardware id takes precedence over a serial number. The error wraps [ErrNotFound],
// or [ErrAmbiguous] if several tokens have the serial number.
func (f *Fleet) Find(name string) (Member, error) {
	if id, err := hex.DecodeString(name); err == nil && len(id) == 8 {
		if m, ok := f.findID([8]byte(id)); ok {
			return m, nil
		}
	}
	serial, err := token.ParseSerial(name)
	if err != nil {
		return Member{}, fmt.Errorf("%w: %q is not a serial number or a hardware id: %w", ErrNotFound, name, err)
	}
	switch found := f.withSerial(serial); len(found) {
	case 0:
		return Member{}, fmt.Errorf("%w: there is no token %s", ErrNotFound, serial)
	case 1:
		return found[0], nil
	default:
		return Member{}, ambiguous(serial, found)
	}
}

// ambiguous returns the error of a serial number that several tokens have.
func ambiguous(serial token.Serial, found []Member) error {
	const most = 10
	var ids []string
	for _, m := range found[:min(len(found), most)] {
		ids = append(ids, m.hardwareID())
	}
	more := ""
	if n := len(found) - most; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("%w: %d tokens have the serial number %s: name one by its hardware id: %s%s",
		ErrAmbiguous, len(found), serial, strings.Join(ids, ", "), more)
}

func (m Member) hardwareID() string {
	id := m.Token.HardwareID()
	return hex.EncodeToString(id[:])
}

func (f *Fleet) findID(id [8]byte) (Member, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.memberLocked(f.byID.find(id[:], func(tag uint32) bool {
		t := f.slot(tag).token.Load()
		return t != nil && t.HardwareID() == id
	}))
}

// withSerial returns the tokens with a serial number, in the order in which they were
// added.
func (f *Fleet) withSerial(serial token.Serial) (found []Member) {
	f.reindex()
	f.mu.RLock()
	defer f.mu.RUnlock()
	var name [token.MaxSerialLen]byte
	f.bySerial.find(serial.AppendTo(name[:0]), func(tag uint32) bool {
		if t := f.slot(tag).token.Load(); t != nil {
			if has, _ := t.BackLabel(); has == serial {
				found = append(found, Member{t, f, tag})
			}
		}
		return false
	})
	slices.SortFunc(found, func(a, b Member) int { return cmp.Compare(a.tag, b.tag) })
	return slices.CompactFunc(found, func(a, b Member) bool { return a.tag == b.tag })
}

func (f *Fleet) memberLocked(tag uint32) (Member, bool) {
	if tag == 0 {
		return Member{}, false
	}
	return Member{f.slot(tag).token.Load(), f, tag}, true
}

// nameOf returns the hardware id of a token that is or was in the fleet.
func (f *Fleet) nameOf(tag uint32) string {
	if s := f.slot(tag); s != nil {
		if t := s.token.Load(); t != nil {
			return Member{t, f, tag}.hardwareID()
		}
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	id := f.gone[tag]
	return hex.EncodeToString(id[:])
}

// reindex enters the serial numbers of the tokens whose state has changed.
func (f *Fleet) reindex() {
	tags := f.sched.takeRenamed()
	if len(tags) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, tag := range tags {
		f.indexSerialLocked(tag)
	}
}

// indexLocked enters a token that was added.
func (f *Fleet) indexLocked(tag uint32) {
	f.growIndexesLocked(1)
	f.indexIDLocked(tag)
	f.indexSerialLocked(tag)
}

// growIndexesLocked makes room for n more tokens.
func (f *Fleet) growIndexesLocked(n int) {
	room := f.count + n
	room += room/4 + 8
	if f.byID.full(n) {
		f.byID.reset(room)
		for t := uint32(1); t <= f.last; t++ {
			f.indexIDLocked(t)
		}
	}
	if f.bySerial.full(n) {
		f.bySerial.reset(room)
		for t := uint32(1); t <= f.last; t++ {
			f.addSerialLocked(t)
		}
	}
}

func (f *Fleet) indexIDLocked(tag uint32) {
	t := f.slot(tag).token.Load()
	if t == nil {
		return
	}
	id := t.HardwareID()
	f.byID.addOnce(id[:], tag)
}

func (f *Fleet) indexSerialLocked(tag uint32) {
	if f.bySerial.full(1) {
		f.growIndexesLocked(1)
	}
	f.addSerialLocked(tag)
}

func (f *Fleet) addSerialLocked(tag uint32) {
	t := f.slot(tag).token.Load()
	if t == nil {
		return
	}
	if serial, _ := t.BackLabel(); !serial.IsZero() {
		var name [token.MaxSerialLen]byte
		f.bySerial.addOnce(serial.AppendTo(name[:0]), tag)
	}
}
