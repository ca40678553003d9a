// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
)

// allocs counts the allocations of a server that answers the request in.
func allocs(dev serialproto.Device, in []byte) float64 {
	s := new(serialproto.Server)
	line := &fakeLine{out: make([]byte, 0, 1<<14)}
	return testing.AllocsPerRun(5, func() {
		line.in, line.out = in, line.out[:0]
		s.Step(line, dev)
	})
}

// TestNoAllocation sends every command, both valid and in a form that is refused. Only
// ProvCommit may allocate, in the standard library's cryptography: see
// TestOpenAllocations.
func TestNoAllocation(t *testing.T) {
	bodies := []any{
		obj{}, []byte{}, obj{"zz": arr{1, obj{"x": "y"}}}, arr{}, obj{"d": "hello"}, obj{"d": 1},
		obj{"datetime": "2024-02-29T23:59:59.999999+09:00"}, obj{"datetime": "2024-02-30T00:00:00Z"},
		obj{"datetime": "2024-13-01T00:00:00Z"}, obj{"datetime": "1969-12-31T00:00:00Z"}, obj{"datetime": "soon"},
		obj{"format": "a"}, obj{"format": "?"}, obj{"index": 1}, obj{"index": 99}, obj{"groups": arr{64, 1}},
		obj{"ms": int64(1700000000000)}, obj{"ms": -1}, obj{"ms": int64(1 << 60)}, obj{"mv": 3000}, obj{"mc": 1}, obj{"op": 1}, obj{"n": int64(1 << 32)},
		obj{"sn": "1000042"}, obj{"sn": "1000043"}, obj{"sn": "no serial number"}, obj{"sn": ""}, obj{"sn": strings.Repeat("1", 200)},
		obj{"sn": "1000042", "ctr": 1, "msg": make([]byte, 10)}, obj{"sn": "!", "ctr": 1, "msg": make([]byte, 100)},
		obj{"sn": "1000042", "ctr": 9, "msg": make([]byte, 100)},
	}
	for _, version := range []int{v1, v2, 2} {
		for _, op := range []int{read, write, 1} {
			for _, group := range []int{0, 1, 10, 64, 65} {
				for command := range 10 {
					for i, body := range bodies {
						if i > 0 && (version > v2 || op == 1) {
							break // refused before the body is read
						}
						in := frame(message(version, op, group, command, body))
						for _, state := range []serialproto.State{serialproto.StateBlank, serialproto.StateProvisioned, serialproto.StateLocked} {
							dev := newProvisioned().in(state)
							dev.hasRig = group == 65
							require.Zero(t, allocs(dev, in), "op %d group %d command %d body %v in state %v", op, group, command, body, state)
						}
					}
				}
			}
		}
	}
}

// TestNoAllocationForDamage: discarded input does not cause allocations either. (The
// error of encoding/base64 is a number small enough for Go not to allocate it.)
func TestNoAllocationForDamage(t *testing.T) {
	good := frame(echoOf(250))
	for _, in := range []string{
		"log\n", "\x06\x09!\n", "\x06\x09A\n", "\x04\x14AAAA\n", "\x06\x09" + strings.Repeat("A", 200), "\x06\x09" + strings.Repeat("A", 123) + "!\n",
		string(good[:127]), string(good[:200]) + string(good), string(good[:100]) + "!" + string(good[101:]), string(good) + string(good),
	} {
		require.Zero(t, allocs(newDevice(), []byte(in)), "%q", in)
	}
}

// TestServerSize checks the size given in the comment on Server.
func TestServerSize(t *testing.T) {
	require.Less(t, int(reflect.TypeFor[serialproto.Server]().Size()), 2048)
}
