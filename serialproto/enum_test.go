// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEnum checks the answers against Zephyr's smp_group_10.rst and enum_mgmt.c.
func TestEnum(t *testing.T) {
	n := func(n int) uint64 { return uint64(n) }
	detail := func(id int, name string, handlers int) obj {
		return obj{"group": n(id), "name": name, "handlers": n(handlers)}
	}
	os, enum := detail(0, "os mgmt", 5), detail(10, "enum mgmt", 4)
	fob, rig := detail(64, "fob token", 8), detail(65, "fob rig", 7)
	tests := []struct {
		name                string
		command             int
		body                any
		withoutRig, withRig obj
	}{
		{"count", 0, obj{}, obj{"count": n(3)}, obj{"count": n(4)}},
		{
			"list", 1, obj{},
			obj{"groups": arr{n(0), n(10), n(64)}}, obj{"groups": arr{n(0), n(10), n(64), n(65)}},
		},
		{"first", 2, obj{}, obj{"group": n(0)}, obj{"group": n(0)}},
		{"index 0", 2, obj{"index": 0}, obj{"group": n(0)}, obj{"group": n(0)}},
		{"index 1", 2, obj{"index": 1}, obj{"group": n(10)}, obj{"group": n(10)}},
		{"index 2", 2, obj{"index": 2}, obj{"group": n(64), "end": true}, obj{"group": n(64)}},
		{"index 3", 2, obj{"index": 3}, groupErr(10, 4), obj{"group": n(65), "end": true}},
		{"index 4", 2, obj{"index": 4}, groupErr(10, 4), groupErr(10, 4)},
		{"index 2^32-1", 2, obj{"index": int64(1<<32 - 1)}, groupErr(10, 4), groupErr(10, 4)},
		{"index 2^32", 2, obj{"index": int64(1 << 32)}, rc(3), rc(3)},
		{"index -1", 2, obj{"index": -1}, rc(3), rc(3)},
		{"details", 3, obj{}, obj{"groups": arr{os, enum, fob}}, obj{"groups": arr{os, enum, fob, rig}}},
		{
			"details of an empty list", 3, obj{"groups": arr{}},
			obj{"groups": arr{os, enum, fob}}, obj{"groups": arr{os, enum, fob, rig}},
		},
		{"details of some", 3, obj{"groups": arr{65, 64, 1, 0, 64}}, obj{"groups": arr{os, fob}}, obj{"groups": arr{os, fob, rig}}},
		{"details of none", 3, obj{"groups": arr{1}}, obj{"groups": arr{}}, obj{"groups": arr{}}},
		{"details of a text", 3, obj{"groups": arr{"x"}}, rc(3), rc(3)},
		{"details without a list", 3, obj{"groups": 0}, rc(3), rc(3)},
		{"unknown", 4, obj{}, rc(8), rc(8)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dev := newDevice()
			require.Equal(t, tt.withoutRig, call(t, dev, read, 10, tt.command, tt.body))
			dev.hasRig = true
			require.Equal(t, tt.withRig, call(t, dev, read, 10, tt.command, tt.body))
		})
	}
}

// TestEnumMatchesCommands: every listed group has as many commands as reported that are not
// answered with "unsupported".
func TestEnumMatchesCommands(t *testing.T) {
	dev := newProvisioned()
	dev.hasRig = true
	for _, g := range call(t, dev, read, 10, 3, obj{})["groups"].(arr) {
		group, handlers := int(g.(obj)["group"].(uint64)), 0
		for command := range 256 {
			byRead := call(t, dev, read, group, command, obj{})
			byWrite := call(t, dev, write, group, command, obj{})
			if byRead["rc"] != uint64(8) || byWrite["rc"] != uint64(8) {
				handlers++
			}
		}
		require.Equal(t, g.(obj)["handlers"], uint64(handlers), "group %d", group)
	}
}
