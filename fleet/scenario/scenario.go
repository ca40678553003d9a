// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/yamlfile"
	"github.com/d204ef64/fob/virtual"
)

// ErrFile is the error of a scenario that cannot be run.
var ErrFile = errclass.New(errclass.Usage, "invalid scenario")

// Scenario is a parsed file.
type Scenario struct {
	File  string // the name of the file, for messages
	Head         // its settings
	steps []step
}

// Head holds the settings of a scenario.
type Head struct {
	Name      string `yaml:"name" doc:"title of the scenario in reports; the name of the file by default"`
	WorldSeed uint64 `yaml:"world_seed" doc:"seed of everything random: the same seed gives the same tokens and the same event log; a random one by default" min:"1"`
	At        string `yaml:"at" doc:"the world's time at the start, as in 2026-01-01T00:00:00Z, which is the default" pattern:"^\\d{4}-\\d{2}-\\d{2}T"`
	Clock     string `yaml:"clock" doc:"manual (the clock moves only in steps), real, or scaled:N; manual by default" pattern:"^(manual|real|scaled:[0-9.]+)$"`
}

// file is the form of a scenario in YAML.
type file struct {
	Head  `yaml:",inline"`
	Steps []steps `yaml:"steps" doc:"the steps, in order" required:"true"`
}

// step is one step of a scenario.
type step struct {
	line int
	verb string
	action
}

// action is the verb of a step with its fields.
type action interface {
	check(*checker) error
	run(*runner) error
}

// Len returns the number of steps.
func (s *Scenario) Len() int { return len(s.steps) }

// Parse parses a scenario and checks it as far as that is possible without running it.
// The error wraps [ErrFile] and names the line.
func Parse(name string, text []byte) (*Scenario, error) {
	s := &Scenario{File: name}
	f := file{}
	root, wrong := yamlfile.DecodeAll(text, &f, true)
	var m mistakes
	for _, e := range wrong {
		m.add(e.Line, fmt.Errorf("%w: %s", ErrFile, e.In(name)))
	}
	switch {
	case root == nil && wrong == nil:
		return nil, fmt.Errorf("%w: %s: it is empty: it needs a list of steps", ErrFile, name)
	case root == nil || root.Kind != yaml.MappingNode:
		return nil, m.join(name)
	}
	s.Head = f.Head
	s.checkAll(root, &m)
	if len(m) > 0 {
		return nil, m.join(name)
	}
	return s, nil
}

// checkAll reads the steps, and checks them and the head.
func (s *Scenario) checkAll(root *yaml.Node, m *mistakes) {
	read := m.lines()
	c := newChecker(worldBegin)
	if at, err := s.startTime(); err != nil {
		line, place := place(s.File, root, "at")
		m.add(line, fmt.Errorf("%w: %s: %w", ErrFile, place, err))
	} else if !at.IsZero() {
		c.now = at
	}
	if _, err := s.rate(); err != nil {
		line, place := place(s.File, root, "clock")
		m.add(line, fmt.Errorf("%w: %s: %w", ErrFile, place, err))
	}
	nodes := stepNodes(root)
	if len(nodes) == 0 && len(read) == 0 {
		m.add(0, fmt.Errorf("%w: %s: there are no steps: list them under steps", ErrFile, s.File))
	}
	for _, n := range nodes {
		s.checkStep(n, c, read, m)
	}
}

// checkStep reads and checks a step. read are the lines of mistakes in the form of the
// file. A step with one is not checked further, and the steps after it may use names that
// it should have made.
func (s *Scenario) checkStep(at *yaml.Node, c *checker, read []int, m *mistakes) {
	n := at
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	first, last := span(n)
	broken := slices.ContainsFunc(read, func(line int) bool { return first <= line && line <= last })
	c.unsure = c.unsure || broken
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 || n.Content[0].Tag == "!!merge" {
		if !broken {
			m.add(n.Line, fmt.Errorf("%w: %s:%d:%d: a step has exactly one verb: begin each verb with a dash of its own",
				ErrFile, s.File, n.Line, n.Column))
		}
		c.unsure = true
		return
	}
	var fields steps
	_ = n.Decode(&fields) // the mistakes are known
	verb := n.Content[0].Value
	do := fields.action(verb)
	if do == nil {
		return
	}
	s.steps = append(s.steps, step{at.Line, verb, do})
	if err := do.check(c); err != nil && !broken {
		m.add(at.Line, fmt.Errorf("%w: %s:%d: %s: %w", ErrFile, s.File, at.Line, verb, err))
	}
}

// span returns the first and the last line of a node.
func span(n *yaml.Node) (first, last int) {
	first, last = n.Line, n.Line
	for _, inner := range n.Content {
		_, end := span(inner)
		last = max(last, end)
	}
	return first, last
}

// place returns the line of the value of a field, and the name of the file with the line
// and the column.
func place(file string, root *yaml.Node, field string) (int, string) {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if value := root.Content[i+1]; root.Content[i].Value == field {
			return value.Line, fmt.Sprintf("%s:%d:%d", file, value.Line, value.Column)
		}
	}
	return 0, file
}

// CheckSeeds returns an error for each step that needs the tokens' seeds. A fleet that
// keeps them cannot run the scenario.
func (s *Scenario) CheckSeeds() error {
	var errs []error
	for _, st := range s.steps {
		if _, ok := st.action.(*export); ok {
			errs = append(errs, errclass.With(errclass.Usage, fmt.Errorf("%s:%d: %s: %w", s.File, st.line, st.verb, errKept)))
		}
	}
	return errors.Join(errs...)
}

// stepNodes returns the nodes of the list of steps.
func stepNodes(root *yaml.Node) []*yaml.Node {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if list := root.Content[i+1]; root.Content[i].Value == "steps" {
			if list.Kind == yaml.AliasNode {
				list = list.Alias
			}
			return list.Content
		}
	}
	return nil
}

// action returns the action of a verb, nil for an unknown one. A verb without fields has
// the zero value.
func (s *steps) action(verb string) action {
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("yaml") != verb {
			continue
		}
		if v.Field(i).IsNil() {
			v.Field(i).Set(reflect.New(v.Field(i).Type().Elem()))
		}
		return v.Field(i).Interface().(action)
	}
	return nil
}

// start returns the time at which the world's clock starts, and its rate; both are zero
// if the file does not give them.
func (h *Head) start() (at time.Time, rate float64, err error) {
	at, err = h.startTime()
	rate, err2 := h.rate()
	return at, rate, cmp.Or(err, err2)
}

func (h *Head) startTime() (at time.Time, err error) {
	if h.At == "" {
		return at, nil
	}
	if at, err = time.Parse(time.RFC3339, h.At); err != nil {
		return at, fmt.Errorf("at: %q is not a time such as 2026-01-01T00:00:00Z", h.At)
	}
	return at, inWorld("at", at)
}

// rate returns the rate of a scaled clock, 0 for others.
func (h *Head) rate() (rate float64, err error) {
	number, scaled := strings.CutPrefix(h.Clock, "scaled:")
	switch {
	case h.Clock == "" || h.Clock == "manual" || h.Clock == "real":
	case scaled:
		rate, err = strconv.ParseFloat(number, 64)
		if err != nil || !(rate >= virtual.MinRate && rate <= virtual.MaxRate) {
			return 0, fmt.Errorf("clock: %q: want scaled:N with a number N from %v to %v", h.Clock, virtual.MinRate, virtual.MaxRate)
		}
	default:
		return 0, fmt.Errorf("clock: %q: want manual, real or scaled:N", h.Clock)
	}
	return rate, nil
}

// manual reports whether the clock moves only in steps.
func (h *Head) manual() bool { return h.Clock == "" || h.Clock == "manual" }
