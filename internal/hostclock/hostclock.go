// SPDX-License-Identifier: Apache-2.0

// Package hostclock asks whether the clock of this machine is synchronised, and how far
// it may be off.
package hostclock

import (
	"context"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
)

var (
	// ErrUnknown is the error of a machine that does not report the state of its clock.
	ErrUnknown = errclass.New(errclass.Unsupported, "the state of the machine's clock is unknown")

	// ErrUnsynchronised is the error of a clock that must not be trusted.
	ErrUnsynchronised = errclass.New(errclass.Refused, "the machine's clock")
)

// Status describes the clock.
type Status struct {
	Synchronised bool
	Source       string        // the program that was asked, or "kernel"
	Known        bool          // Error is known
	Error        time.Duration // the most by which the clock may be off
	Advice       string        // a command that helps if it is not synchronised
}

// Machine is the machine that is asked.
type Machine struct {
	LookPath func(tool string) (string, error)
	Output   func(ctx context.Context, tool string, args ...string) (string, error) // in English
	Kernel   func() (Status, error)
}

// Here returns this machine.
func Here() Machine { return Machine{exec.LookPath, output, kernel} }

func output(ctx context.Context, tool string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C")
	b, err := cmd.Output()
	return string(b), err
}

// Read asks chrony, then systemd, then the kernel. The error wraps [ErrUnknown].
func Read(ctx context.Context, m Machine) (Status, error) {
	if _, err := m.LookPath("chronyc"); err == nil {
		if text, err := m.Output(ctx, "chronyc", "-c", "tracking"); err == nil {
			return chrony(text)
		}
	}
	if _, err := m.LookPath("timedatectl"); err == nil {
		text, err := m.Output(ctx, "timedatectl", "show", "--property=NTPSynchronized", "--value")
		switch text = strings.TrimSpace(text); {
		case err == nil && text == "yes":
			return Status{Source: "timedatectl", Synchronised: true}, nil
		case err == nil && text == "no":
			return Status{Source: "timedatectl", Advice: "sudo timedatectl set-ntp true"}, nil
		}
	}
	return m.Kernel()
}

// Check returns an error unless the clock is synchronised and off by at most limit. A
// limit of 0 allows any error. The error wraps [ErrUnsynchronised].
func (s Status) Check(limit time.Duration) error {
	switch {
	case !s.Synchronised:
		return fmt.Errorf("%w is not synchronised, according to %s: try %s", ErrUnsynchronised, s.Source, s.Advice)
	case limit > 0 && !s.Known:
		return fmt.Errorf("%w may be off by more than %v: %s does not report its error: install chrony", ErrUnsynchronised, limit, s.Source)
	case limit > 0 && s.Error > limit:
		return fmt.Errorf("%w may be off by %v, according to %s: the limit is %v", ErrUnsynchronised, s.Error, s.Source, limit)
	}
	return nil
}

// chrony reads the answer of chronyc -c tracking. chronyc(1) lists the 14 values and
// bounds the error by |system time| + root dispersion + root delay / 2.
func chrony(text string) (Status, error) {
	const systemTime, rootDelay, rootDispersion, leap = 4, 10, 11, 13
	values := strings.Split(strings.TrimSpace(text), ",")
	if len(values) != leap+1 {
		return Status{}, fmt.Errorf("%w: the answer of chronyc cannot be parsed", ErrUnknown)
	}
	s := Status{Source: "chronyc", Synchronised: values[leap] != "Not synchronised", Advice: "sudo systemctl restart chrony"}
	var seconds [3]float64
	for i, at := range []int{systemTime, rootDelay, rootDispersion} {
		v, err := strconv.ParseFloat(values[at], 64)
		if err != nil || math.IsNaN(v) || math.Abs(v) > 1e9 {
			return s, nil
		}
		seconds[i] = math.Abs(v)
	}
	s.Known = true
	s.Error = time.Duration((seconds[0] + seconds[1]/2 + seconds[2]) * float64(time.Second))
	return s, nil
}
