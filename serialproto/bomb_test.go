// SPDX-License-Identifier: Apache-2.0

package serialproto_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
)

func contains(words, word string) bool { return slices.Contains(strings.Fields(words), word) }

// bombs are bodies that would make a careless decoder recurse, allocate or wait.
var bombs = []struct {
	name string
	body []byte
}{
	{"arrays 400 deep", append(unhex("a1 61 78"), bytes.Repeat([]byte{0x81}, 400)...)},
	{"closed arrays 200 deep", append(append(unhex("a1 61 78"), bytes.Repeat([]byte{0x81}, 199)...), 0x80)},
	{"indefinite arrays 200 deep", append(append(unhex("a1 61 78"), bytes.Repeat([]byte{0x9F}, 200)...), bytes.Repeat([]byte{0xFF}, 200)...)},
	{"maps 200 deep", append(append(unhex("a1 61 78"), bytes.Repeat([]byte{0xA1, 0x00}, 200)...), 0)},
	{"tags 400 deep", append(append(unhex("a1 61 78"), bytes.Repeat([]byte{0xC1}, 400)...), 0)},
	{"nine deep", unhex("a1 61 78 81 81 81 81 81 81 81 81 00")},
	{"map of 2^64-1 pairs", unhex("bb ffffffffffffffff 61 78 00")},
	{"map of 2^63 pairs", unhex("bb 8000000000000000 61 78 00")},
	{"map of more pairs than bytes", unhex("a7 61 78 00 61 79 00")},
	{"array of 2^32-1 items", unhex("a1 61 78 9a ffffffff 00")},
	{"text of 2^64-1 bytes", unhex("a1 7b ffffffffffffffff 78")},
	{"bytes of 2^31 bytes", unhex("a1 61 78 5a 80000000 00")},
	{"text beyond the end by one", unhex("a1 62 78")},
	{"indefinite map never closed", unhex("bf 61 78 00")},
	{"indefinite array never closed", unhex("a1 61 78 9f 00 00")},
	{"indefinite text", unhex("a1 7f 61 78 ff 00")},
	{"indefinite bytes as a value", unhex("a1 61 78 5f 41 00 ff")},
	{"break for a value", unhex("bf 61 78 ff")},
	{"break alone", unhex("ff")},
	{"indefinite integer", unhex("a1 61 78 1f")},
	{"indefinite tag", unhex("a1 61 78 df 00")},
	{"reserved length", unhex("a1 61 78 1c")},
	{"false in two bytes", unhex("a1 61 78 f8 14")},
	{"cut off in a length", unhex("a1 61 78 1b 00 00")},
	{"key without a value", unhex("a1 61 78")},
	{"bytes after the map", unhex("a0 00")},
	{"break after the map", unhex("bf ff ff")},
	{"key that is an integer", unhex("a1 01 02")},
	{"key that is a byte string", unhex("a1 41 78 02")},
	{"array", unhex("80")},
	{"integer", unhex("00")},
}

// mapCommands has all commands that read a body.
var mapCommands = [][3]int{
	{write, 0, 0}, {read, 0, 4}, {write, 0, 4}, {write, 0, 5}, {read, 0, 6}, {read, 0, 7},
	{read, 10, 0}, {read, 10, 1}, {read, 10, 2}, {read, 10, 3},
	{read, 64, 0}, {read, 64, 1}, {write, 64, 1}, {read, 64, 2}, {read, 64, 3}, {write, 64, 4}, {write, 64, 5},
	{write, 64, 6}, {write, 64, 8},
	{write, 65, 0}, {write, 65, 1}, {read, 65, 2}, {write, 65, 3}, {write, 65, 4}, {write, 65, 5}, {write, 65, 6},
}

// TestBombs: every command answers with rc 3, does nothing and allocates nothing.
func TestBombs(t *testing.T) {
	for _, b := range bombs {
		t.Run(b.name, func(t *testing.T) {
			for _, c := range mapCommands {
				dev := newProvisioned()
				dev.hasRig = true
				before := *dev
				request := message(v1, c[0], c[1], c[2], b.body)
				_, got := ask(t, dev, request)
				require.Equal(t, rc(3), got, "command %v", c)
				require.Equal(t, before, *dev)
				require.Zero(t, allocs(dev, frame(request)))
			}
		})
	}
}

// TestSkipDepth: Skip follows eight levels, including the innermost item.
func TestSkipDepth(t *testing.T) {
	for _, open := range []byte{0x81, 0xC1} {
		for depth, want := range map[int]bool{1: true, 7: true, 8: false, 9: false} {
			p := append(bytes.Repeat([]byte{open}, depth), 0)
			d := serialproto.NewDecoder(p)
			d.Skip()
			require.Equal(t, want, d.Done(), "%d of %#x and an integer", depth, open)
		}
	}
}
