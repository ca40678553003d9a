// SPDX-License-Identifier: Apache-2.0

package practice

import (
	"fmt"
	"slices"
	"strings"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/yamlfile"
	"github.com/d204ef64/fob/line/journal"
)

//go:generate go test -run ^TestSchema$ . -update

// ErrPlan is the error of an invalid plan of faults.
var ErrPlan = errclass.New(errclass.Usage, "invalid fault plan")

// ErrBench is the error of a measurement during which the line did not make all tokens.
var ErrBench = errclass.New(errclass.Failed, "the line did not make all tokens")

// A Fault is something that goes wrong with a token.
type Fault string

// The faults.
const (
	Noise        Fault = "noise"
	Unplug       Fault = "unplug"
	PowerCut     Fault = "power cut"
	SlowClock    Fault = "slow clock"
	StuckSegment Fault = "stuck segment"
	Counterfeit  Fault = "counterfeit"
	WrongModel   Fault = "wrong model"
	RemovedEarly Fault = "removed early"
	Twice        Fault = "twice"
	Swapped      Fault = "swapped"
)

// An Outcome is how the work on a token ends.
type Outcome string

// The outcomes.
const (
	Made    Outcome = "made"
	Voided  Outcome = "voided"  // a serial number was used up for it
	Refused Outcome = "refused" // it has no serial number, and was not changed
	Open    Outcome = "open"    // the work did not end: no perfect line does this
)

// verdict is the decision of a perfect line about a token.
type verdict struct {
	Outcome
	bin    journal.Bin
	reason string // the reason contains it
}

// verdicts are the decisions about tokens with a fault.
var verdicts = map[Fault]verdict{
	Noise: {Outcome: Made}, Unplug: {Outcome: Made}, PowerCut: {Outcome: Made},
	RemovedEarly: {Outcome: Made}, Twice: {Outcome: Made}, Swapped: {Outcome: Made},
	SlowClock:    {Voided, journal.BinRepair, "the crystal is off"},
	StuckSegment: {Refused, journal.BinRepair, "segments"},
	Counterfeit:  {Refused, journal.BinSuspect, "enrolment list"},
	WrongModel:   {Refused, journal.BinRetest, "the order is for"},
}

// Planned is a fault of some tokens.
type Planned struct {
	Fault  string `yaml:"fault" doc:"what goes wrong" values:"@faults" required:"true"`
	Tokens []int  `yaml:"tokens" doc:"the tokens that have the fault: 1 is the first"`
	Every  int    `yaml:"every" doc:"every so many tokens have the fault" min:"1"`
}

// Plan is a plan of faults. A token has the first fault that names it.
type Plan struct {
	Faults []Planned `yaml:"faults" doc:"the faults" required:"true"`
}

// Faults returns the names of the faults, sorted.
func Faults() (names []string) {
	for f := range verdicts {
		names = append(names, string(f))
	}
	slices.Sort(names)
	return names
}

// ParsePlan parses a plan. The error wraps [ErrPlan].
func ParsePlan(text []byte) (*Plan, error) {
	p := &Plan{}
	if _, err := yamlfile.Decode(text, p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	if len(p.Faults) == 0 {
		return nil, fmt.Errorf("%w: there is no fault under faults", ErrPlan)
	}
	for i := range p.Faults {
		f := &p.Faults[i]
		_, known := verdicts[Fault(f.Fault)]
		switch {
		case !known:
			return nil, fmt.Errorf("%w: fault %d: there is no fault %q: want %s", ErrPlan, i+1, f.Fault, strings.Join(Faults(), ", "))
		case f.Every < 0 || f.Every == 0 && len(f.Tokens) == 0:
			return nil, fmt.Errorf("%w: fault %d: give the tokens, or every: 10 for each tenth", ErrPlan, i+1)
		}
		for _, n := range f.Tokens {
			if n < 1 {
				return nil, fmt.Errorf("%w: fault %d: token %d: 1 is the first", ErrPlan, i+1, n)
			}
		}
	}
	return p, nil
}

// of returns the fault of a token, or "". 1 is the first token.
func (p *Plan) of(n int) Fault {
	if p == nil {
		return ""
	}
	for i := range p.Faults {
		if f := &p.Faults[i]; slices.Contains(f.Tokens, n) || f.Every > 0 && n%f.Every == 0 {
			return Fault(f.Fault)
		}
	}
	return ""
}

// Check checks that the tokens of the plan exist.
func (p *Plan) Check(tokens int) error {
	if p == nil {
		return nil
	}
	for i := range p.Faults {
		for _, n := range p.Faults[i].Tokens {
			if n > tokens {
				return fmt.Errorf("%w: fault %d: there is no token %d: there are %d", ErrPlan, i+1, n, tokens)
			}
		}
	}
	return nil
}

// Schema returns the JSON Schema of a plan, for editors.
func Schema() ([]byte, error) {
	return yamlfile.Schema("Faults for fob line simulate", Plan{}, yamlfile.Options{Values: func(string) []string { return Faults() }})
}
