// SPDX-License-Identifier: Apache-2.0

// Package doctor checks a machine for the needs of fob: pseudo-terminals, file
// descriptors, tools, serial ports, a synchronised clock and a configuration folder.
//
//	results, err := doctor.Machine(dir, openPTY).Run(ctx)
//
// It changes nothing, except that it opens one pseudo-terminal for a moment. It does not
// open serial ports, because that may reset the board behind one.
package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/hostclock"
)

// ErrCheck is the error of a check that does not exist.
var ErrCheck = errclass.New(errclass.Usage, "no such check")

// Outcome is the result of a check.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"
	Wrong   Outcome = "wrong"
	Unknown Outcome = "unknown" // this system does not allow the check

	// Optional is a problem that keeps only some commands from working. The detail names
	// them.
	Optional Outcome = "optional"
)

// Result is one finding of a check.
type Result struct {
	Check   string
	Outcome Outcome
	Detail  string
	Command string // fixes the problem; "" if there is none
}

// System is the machine that is checked. [Machine] fills in the real one.
type System struct {
	Root   string   // above /proc, /sys and /dev; "" for the real ones
	Config string   // the configuration folder of fob
	Ports  []string // serial ports to check besides those that are found

	LookPath func(tool string) (string, error)
	Output   func(ctx context.Context, tool string, args ...string) (string, error)
	Kernel   func() (hostclock.Status, error)  // the kernel's view of the clock
	OpenPTY  func() error                      // opens a pseudo-terminal and closes it
	Files    func() (limit uint64, known bool) // open files that a process may have
	Access   func(path string) error           // whether the user may read and write a device
}

// Machine returns this machine. openPTY opens a pseudo-terminal and closes it.
func Machine(config string, openPTY func() error, ports ...string) *System {
	here := hostclock.Here()
	return &System{
		Config: config, Ports: ports,
		LookPath: here.LookPath, Output: here.Output, Kernel: here.Kernel, OpenPTY: openPTY, Files: files, Access: access,
	}
}

type check struct {
	name string
	run  func(*System, context.Context) []Result
}

var checks = []check{
	{"pty", (*System).pty},
	{"files", (*System).files},
	{"tools", (*System).tools},
	{"serial", (*System).serial},
	{"clock", (*System).clock},
	{"config", (*System).config},
}

// Checks returns the names of the checks.
func Checks() []string {
	var names []string
	for _, c := range checks {
		names = append(names, c.name)
	}
	return names
}

// Run runs the checks with the given names, or all if there are none. The error wraps
// [ErrCheck].
func (s *System) Run(ctx context.Context, names ...string) ([]Result, error) {
	for _, n := range names {
		if !slices.Contains(Checks(), n) {
			return nil, fmt.Errorf("%w: %q, want one of %s", ErrCheck, n, strings.Join(Checks(), ", "))
		}
	}
	var results []Result
	for _, c := range checks {
		if len(names) == 0 || slices.Contains(names, c.name) {
			for _, r := range c.run(s, ctx) {
				r.Check = c.name
				results = append(results, r)
			}
		}
	}
	return results, nil
}
