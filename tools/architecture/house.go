// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
)

// room is a box of the picture: a package and the packages below it.
type room struct {
	name     string
	row, col int      // row from the top; column from the left, in half boxes
	below    []string // folders
	uses     []string // other rooms
}

// places are the positions of the rooms. Imports point down: a room imports only rooms
// of rows with a higher number.
var places = []room{
	{name: "cmd/fob", row: 0, col: 2},
	{name: "internal/board", row: 1, col: 0},
	{name: "internal/demo", row: 1, col: 3},
	{name: "load", row: 2, col: 2},
	{name: "conform", row: 2, col: 4},
	{name: "internal/practice", row: 2, col: 6},
	{name: "line", row: 3, col: 6},
	{name: "fleet", row: 3, col: 2},
	{name: "validator", row: 3, col: 4},
	{name: "virtual", row: 4, col: 1},
	{name: "firmware", row: 5, col: 0},
	{name: "seedfile", row: 5, col: 3},
	{name: "serialproto", row: 6, col: 1},
	{name: "token", row: 7, col: 2},
	{name: "internal", row: 8, col: 2},
}

// house is the content of the picture.
type house struct {
	rooms []room
}

// build sorts packages into rooms, and checks their imports.
func build(packages []goPackage) (*house, error) {
	h := &house{rooms: slices.Clone(places)}
	for _, p := range packages {
		r := h.roomOf(p.path)
		if r == nil {
			return nil, fmt.Errorf("package %s belongs to no room: add its room to places in tools/architecture/house.go", p.path)
		}
		if rest, ok := strings.CutPrefix(p.path, r.name+"/"); ok {
			if first, _, _ := strings.Cut(rest, "/"); !slices.Contains(r.below, first) {
				r.below = append(r.below, first)
			}
		}
		for _, path := range p.imports {
			to := h.roomOf(path)
			switch {
			case to == nil || to == r:
				continue
			case to.row <= r.row:
				return nil, fmt.Errorf("%s imports %s, which is in the same row or above", p.path, path)
			case !slices.Contains(r.uses, to.name):
				r.uses = append(r.uses, to.name)
			}
		}
	}
	for i := range h.rooms {
		slices.Sort(h.rooms[i].uses)
	}
	return h, nil
}

// roomOf returns the room of a package, or nil if it has none. The longest matching name
// wins.
func (h *house) roomOf(path string) *room {
	var found *room
	for i := range h.rooms {
		r := &h.rooms[i]
		if (path == r.name || strings.HasPrefix(path, r.name+"/")) && (found == nil || len(r.name) > len(found.name)) {
			found = r
		}
	}
	return found
}

// arrows returns the rooms that r uses, without those that it reaches through others.
func (h *house) arrows(r *room) []*room {
	var all []*room
	for _, name := range r.uses {
		if name != "internal" { // every room may use it
			all = append(all, h.roomOf(name))
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(to *room) bool {
		return slices.ContainsFunc(all, func(via *room) bool { return via != to && h.reaches(via, to) })
	})
}

func (h *house) reaches(from, to *room) bool {
	return slices.ContainsFunc(from.uses, func(name string) bool {
		return name == to.name || h.reaches(h.roomOf(name), to)
	})
}
