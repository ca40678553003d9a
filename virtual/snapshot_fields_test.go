// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/firmware"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// notStored has the fields of a Token that a restored token need not have, and the
// reasons. A name includes all fields below it.
var notStored = map[string]string{
	"world":    "the world that restores the token",
	"mu":       "a lock",
	"conn":     "a snapshot does not include connections",
	"framing":  "belongs to the connections",
	"wake":     "the firmware returns it when it boots",
	"changes":  "has a meaning only in this process; restoring changes it",
	"restarts": "has a meaning only in this process; restoring changes it",
	"watches":  "belongs to the waits on this token",
	"tag":      "the fleet gives each token its number",
	"clicked":  "handled before the call that sets it returns",
	"cutoff":   "handled before the call that sets it returns",

	"core.rec.profile.Name": "for display only: the flash does not hold it",
	"core.view.Down":        "read from the button at each step",
	"lcd.Fade.At":           "moves to the present at each step, and the shares with it",
	"lcd.Positions":         "the number of digits of the model",

	"flash.off":   "the flash gets power when the token boots",
	"flash.spare": "belongs to the pool of spare flash",

	"core.store": "the firmware finds it in the flash when it boots",
	"core.shown": "computed by each step",
	"core.lit":   "computed by each step",
	"core.reset": "handled before the call that sets it returns",
	"core.valid": "computed by each step",
	"core.now":   "computed by each step",
	"core.hw":    "set during a call of the firmware only",
	"core.link":  "a snapshot does not include connections",
	"core.nonce": "detects a request that is repeated on a connection",
}

// storedField is a field of a token, or of a struct in it, that has no fields itself.
type storedField struct {
	name  string
	steps []func(reflect.Value) reflect.Value
}

// of returns the field of a token. It is invalid if a pointer on the way is nil.
func (f storedField) of(k *Token) reflect.Value {
	v := reflect.ValueOf(k).Elem()
	for _, step := range f.steps {
		if v = step(v); !v.IsValid() {
			return v
		}
	}
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem() // allows reading unexported fields
}

// storedFields appends the fields of v to dst, without those in notStored. It adds the
// names of nil pointers, which hide fields, to hidden.
func storedFields(dst []storedField, at storedField, v reflect.Value, seen, hidden map[string]bool) []storedField {
	seen[at.name] = true
	if notStored[at.name] != "" {
		return dst
	}
	below := func(name string, step func(reflect.Value) reflect.Value) {
		f := storedField{name, append(slices.Clip(at.steps), step)}
		dst = storedFields(dst, f, step(v), seen, hidden)
	}
	switch {
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if at.name != "" {
				name = at.name + "." + name
			}
			below(name, func(v reflect.Value) reflect.Value { return v.Field(i) })
		}
	case v.Type() == reflect.TypeFor[*Model]():
		return append(dst, at)
	case v.Kind() == reflect.Pointer && v.IsNil():
		hidden[at.name] = true
	case v.Kind() == reflect.Pointer:
		below(at.name, reflect.Value.Elem)
	case v.Type() == reflect.TypeFor[[]flashPage]():
		for i := range v.Len() {
			below(at.name, func(v reflect.Value) reflect.Value {
				if i >= v.Len() {
					return reflect.Value{}
				}
				return v.Index(i)
			})
		}
	default:
		return append(dst, at)
	}
	return dst
}

// otherValues returns some values that differ from v, or none if v is of a kind that no
// stored field has so far.
func otherValues(v reflect.Value) (all []reflect.Value) {
	add := func(change func(reflect.Value)) {
		x := reflect.New(v.Type()).Elem()
		x.Set(v)
		change(x)
		if !reflect.DeepEqual(x.Interface(), v.Interface()) {
			all = append(all, x)
		}
	}
	switch v.Kind() {
	case reflect.Bool:
		add(func(x reflect.Value) { x.SetBool(!v.Bool()) })
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		for _, d := range []int64{1, -1, -30, firmware.SlotSize, int64(time.Hour)} {
			add(func(x reflect.Value) { x.SetInt(v.Int() + d) })
		}
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		for _, d := range []uint64{1, 2, math.MaxUint64} {
			add(func(x reflect.Value) { x.SetUint(v.Uint() + d) })
		}
	case reflect.Float32, reflect.Float64:
		for _, d := range []float64{0.25, -0.25} {
			add(func(x reflect.Value) { x.SetFloat(v.Float() + d) })
		}
	case reflect.String:
		add(func(x reflect.Value) { x.SetString(v.String() + "x") })
	case reflect.Array:
		for i := range v.Len() {
			for _, e := range otherValues(v.Index(i)) {
				add(func(x reflect.Value) { x.Index(i).Set(e) })
			}
		}
	case reflect.Slice: // of bytes: one more slot in flash that has been overwritten
		add(func(x reflect.Value) {
			x.SetBytes(append(slices.Clone(v.Bytes()), make([]byte, firmware.SlotSize)...))
		})
	case reflect.Pointer:
		for i := range models {
			add(func(x reflect.Value) { x.Set(reflect.ValueOf(&models[i])) })
		}
	}
	return all
}

// situations are tokens in which different fields can be changed without being computed
// again.
var situations = map[string]func(*Token){
	"locked": func(*Token) {},
	"broken": func(k *Token) {
		k.Break(Segments{Bars: 1}, Segments{Bars: 2})
		k.CutPower(100)
		k.FailFlash()
	},
	"display on": func(k *Token) { k.Press(); k.world.Advance(time.Second) },
	"held":       func(k *Token) { k.Hold(time.Hour); k.world.Advance(time.Second) },
	"cold":       func(k *Token) { k.SetTemperature(-15); k.Press() },
	"aged":       func(k *Token) { k.Age(36 * time.Hour) },
	"no battery": func(k *Token) { k.RemoveBattery() },
}

// tokenIn returns a new token in a situation, in a new world.
func tokenIn(t *testing.T, prepare func(*Token)) *Token {
	t.Helper()
	w, err := NewWorld(Config{Seed: 1})
	require.NoError(t, err)
	m, err := ModelByName("button-6")
	require.NoError(t, err)
	serial, err := token.ParseSerial("1000042")
	require.NoError(t, err)
	k := w.NewToken(m)
	expiry, err := token.NewExpiry(2030, 6, 30)
	require.NoError(t, err)
	p := &serialproto.Payload{
		Seed: []byte("12345678901234567890"), Profile: m.Profile(), Clock: w.Now().Milli(),
		Expiry: expiry, Ends: expiry.EndsAt(token.TokyoOffset),
	}
	require.NoError(t, k.Program(serial, p, true))
	prepare(k)
	spec := *k.battery.Spec
	k.battery.Spec = &spec
	return k
}

// afterRestore returns the field of a new token that is made from k's snapshot, and of
// another token that is reset to it. It returns none if no token can have k's values.
func afterRestore(t *testing.T, k *Token, f storedField) (all []any) {
	t.Helper()
	b, err := k.Snapshot().MarshalBinary()
	require.NoError(t, err)
	var s Snapshot
	if s.UnmarshalBinary(b) != nil {
		return nil
	}
	restored, err := k.world.Restore(s)
	if err != nil {
		return nil
	}
	reset := k.world.NewToken(&models[0])
	require.NoError(t, reset.Restore(s))
	for _, x := range []*Token{restored, reset} {
		if v := f.of(x); v.IsValid() {
			all = append(all, v.Interface())
		}
	}
	return all
}

// survives reports whether a value of a field comes back, but not from a token that
// never had it.
func survives(t *testing.T, prepare func(*Token), f storedField, value reflect.Value) bool {
	t.Helper()
	has := func(v any) bool { return reflect.DeepEqual(v, value.Interface()) }
	k := tokenIn(t, prepare)
	f.of(k).Set(value)
	after := afterRestore(t, k, f)
	return len(after) == 2 && has(after[0]) && has(after[1]) &&
		!slices.ContainsFunc(afterRestore(t, tokenIn(t, prepare), f), has)
}

// TestSnapshotHasAllFields gives each field of a Token another value and checks that a
// snapshot keeps it. The firmware runs when a token is restored, and may compute the
// field again. One value that comes back in one situation is therefore enough.
func TestSnapshotHasAllFields(t *testing.T) {
	seen, hidden, kept := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, prepare := range situations {
		for _, f := range storedFields(nil, storedField{}, reflect.ValueOf(tokenIn(t, prepare)).Elem(), seen, hidden) {
			if kept[f.name] {
				continue
			}
			kept[f.name] = slices.ContainsFunc(otherValues(f.of(tokenIn(t, prepare))), func(v reflect.Value) bool {
				return survives(t, prepare, f, v)
			})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		if !kept[name] {
			t.Errorf("a snapshot does not keep the field %s: add it to snapshot, or to notStored with the reason", name)
		}
	}
	for name := range hidden {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(kept)), func(s string) bool { return strings.HasPrefix(s, name+".") }) {
			t.Errorf("%s is nil in all situations: add a situation in which it is not", name)
		}
	}
	for name := range notStored {
		if !seen[name] {
			t.Errorf("notStored has a field that does not exist: %s", name)
		}
	}
}
